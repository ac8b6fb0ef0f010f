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

/// A model with windows, one with convolutions.
const model& model_of(std::size_t which) {
    static const model windows = model::load(NIBBLE_TEST_DATA_DIR "/gemma2-f32.gguf");
    static const model convolutions = model::load(NIBBLE_TEST_DATA_DIR "/lfm2-f32.gguf");
    return which == 0 ? windows : convolutions;
}

generation_options reply_options() { return {.temperature = 1, .max_tokens = 8}; }

/// With a reply in the making.
std::vector<std::byte> saved(std::size_t which, std::size_t n_tokens) {
    session s{model_of(which), options()};
    auto reply = s.generate(std::vector<token>(n_tokens, 3), reply_options());
    (void)reply.begin();
    std::vector<std::byte> out;
    reply.save([&](std::span<const std::byte> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<std::byte> files[] = {saved(0, 150), saved(1, 20), saved(1, 300)};
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
        session back = session::restore(model_of(which == 0 ? 0 : 1), gguf::file::parse(file), options());
        if (which > 0) (void)back.resume(reply_options()).finish();
        back.prefill(std::vector<token>{1, 2, 3});
        fuzz::require(back.position() >= 3 && back.position() <= back.context());
    });
    return 0;
}
