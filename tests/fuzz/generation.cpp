// SPDX-License-Identifier: Apache-2.0
// Replies with any options: an error, or the reply of a fresh session, cut into whole characters.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nibble/generate/session.hpp>
#include <nibble/unicode/utf8.hpp>

#include "fuzz/fuzz.hpp"

using namespace nibble;

namespace {

session make_session() {
    static const model tiny = model::load(NIBBLE_TEST_DATA_DIR "/../../examples/models/nibble-tiny.gguf");
    static const auto alone = std::make_shared<thread_pool>(1u);
    return session{tiny, {.context = 96, .batch = 16, .pool = alone}};
}

/// The default in half of the cases, else a number of use or one at an end of what there is.
template <class T>
void choose(fuzz::input& in, T& option) {
    using limits = std::numeric_limits<T>;
    const auto scaled = static_cast<T>(static_cast<double>(in.byte()) / (limits::is_integer ? 8 : 128));
    const std::array choices{option,
                             option,
                             option,
                             option,
                             scaled,
                             scaled,
                             scaled,
                             T{0},
                             T{1},
                             static_cast<T>(-1),
                             T{2},
                             limits::max(),
                             limits::lowest(),
                             limits::infinity()};
    option = choices[in.below(choices.size())];
}

generation_options choose_options(fuzz::input& in) {
    generation_options options{.temperature = 0.8f, .seed = in.byte(), .max_tokens = in.below(12)};
    for (float* number : {&options.temperature, &options.top_p, &options.min_p, &options.repeat_penalty,
                          &options.presence_penalty, &options.frequency_penalty, &options.dry_multiplier,
                          &options.dry_base, &options.typical_p, &options.top_n_sigma, &options.xtc_probability,
                          &options.xtc_threshold, &options.mirostat_tau, &options.mirostat_eta})
        choose(in, *number);
    for (int* count : {&options.top_k, &options.repeat_last_n, &options.dry_allowed_length, &options.dry_penalty_last_n,
                       &options.n_probs})
        choose(in, *count);
    options.mirostat = in.below(8) == 0;
    for (std::size_t n = in.below(4); n > 0; --n)
        std::swap(options.order[in.below(options.order.size())], options.order[in.below(options.order.size())]);
    options.order.resize(options.order.size() - in.below(4));
    for (std::size_t n = in.below(3); n > 0; --n) {
        float bias = 0;
        choose(in, bias);
        options.logit_bias.emplace_back(static_cast<token>(in.byte() * 4), bias);
    }
    for (std::size_t n = in.below(3); n > 0; --n) options.stop.emplace_back(in.text(in.below(3)));
    options.stop_in_thinking = in.below(2) == 1;
    options.thinking_budget = in.below(2) == 1 ? in.below(6) : unlimited;
    return options;
}

/// What there is to see of a reply, as one text.
std::string walk(generation&& reply, int n_probs) {
    std::string seen;
    for (const std::string_view piece : reply) {
        fuzz::require(!piece.empty() && !find_invalid_utf8(piece));
        seen.append(piece).push_back('\0');
    }
    for (std::size_t i = 0; i < reply.tokens().size(); ++i) {
        seen += std::to_string(reply.tokens()[i]) + ' ';
        if (n_probs > 0) seen += std::to_string(reply.logprob(i).logprob) + ' ';
    }
    return seen + std::to_string(static_cast<int>(reply.reason()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in{data, size};
    session used = make_session();
    for (std::size_t n = 0; n < 3 && !in.empty(); ++n) {
        fuzz::allowing_errors([&] {
            const generation_options options = choose_options(in);
            const std::string prompt{in.text(in.below(24))};
            const bool as_chat = in.below(2) == 1;
            const auto reply = [&](session& s) {
                return walk(as_chat ? s.chat({{role::user, prompt}}, options) : s.generate(prompt, options),
                            options.n_probs);
            };
            const std::string first = reply(used);
            session fresh = make_session();
            fuzz::require(reply(fresh) == first);
        });
    }
    return 0;
}
