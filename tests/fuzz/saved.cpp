// SPDX-License-Identifier: Apache-2.0
// A saved session that was changed, cut or made up: it is refused, or goes on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <nibble/generate/session.hpp>

#include "fuzz/fuzz.hpp"

using namespace nibble;

namespace {

session_options options() {
    static const auto alone = std::make_shared<thread_pool>(1u);
    return {.context = 512, .batch = 8, .pool = alone};
}

/// A model with windows, one with convolutions, and one that has a vocabulary, which a reply needs.
const model& model_of(std::size_t which) {
    static const model models[] = {model::load(NIBBLE_TEST_DATA_DIR "/gemma2-f32.gguf"),
                                   model::load(NIBBLE_TEST_DATA_DIR "/lfm2-f32.gguf"),
                                   model::load(NIBBLE_TEST_DATA_DIR "/../../examples/models/nibble-tiny.gguf")};
    return models[which];
}

generation_options reply_options() { return {.temperature = 1, .max_tokens = 8}; }

/// Of the last one with a reply in the making.
std::vector<std::byte> saved(std::size_t which, std::size_t n_tokens) {
    const std::vector<token> prompt(n_tokens, 3);
    std::vector<std::byte> out;
    const auto sink = [&](std::span<const std::byte> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
    session s{model_of(which), options()};
    if (which < 2) {
        s.prefill(prompt);
        s.save(sink);
    } else {
        auto reply = s.generate(prompt, reply_options());
        (void)reply.begin();
        reply.save(sink);
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<std::byte> files[] = {saved(0, 150), saved(1, 300), saved(2, 20)};
    fuzz::input in{data, size};
    const std::size_t which = in.below(3);
    std::vector<std::byte> file = files[which];
    if (in.below(4) == 0) {  // made up
        const auto text = in.rest();
        file.assign(reinterpret_cast<const std::byte*>(text.data()),
                    reinterpret_cast<const std::byte*>(text.data()) + text.size());
    }
    while (!in.empty() && !file.empty()) {  // most of what is looked at is in the first bytes
        const std::size_t at = (in.below(256) + 256 * in.below(16)) % file.size();
        const std::uint8_t value = in.byte();
        if (in.below(32) == 0)
            file.resize(at);
        else
            file[at] = static_cast<std::byte>(value);
    }
    fuzz::allowing_errors([&] {
        session back = session::restore(model_of(which), gguf::file::parse(file), options());
        if (which == 2) (void)back.resume(reply_options()).finish();
        back.prefill(std::vector<token>{1, 2, 3});
        fuzz::require(back.position() >= 3 && back.position() <= back.context());
    });
    return 0;
}
