// SPDX-License-Identifier: Apache-2.0
// Operations on a session in any order, forks and what was saved among them: its logits are those of a fresh session
// that reads the same tokens.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <nibble/generate/session.hpp>

#include "fuzz/fuzz.hpp"

using namespace nibble;

namespace {

constexpr std::size_t context = 40;

const model& tiny_model() {
    static const model tiny = model::load(NIBBLE_TEST_DATA_DIR "/llama-yarn-f32.gguf");
    return tiny;
}

session_options options(std::size_t batch) {
    static const auto alone = std::make_shared<thread_pool>(1u);
    return {.context = context, .batch = batch, .pool = alone, .sequences = 2};
}

session make_session(std::size_t batch) { return session{tiny_model(), options(batch)}; }

/// The session that goes on from what `s` saves.
session saved_and_restored(const session& s, std::size_t batch) {
    std::vector<std::byte> file;
    s.save([&](std::span<const std::byte> bytes) { file.insert(file.end(), bytes.begin(), bytes.end()); });
    return session::restore(tiny_model(), gguf::file::parse(file), options(batch));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in{data, size};
    session s = make_session(1 + in.below(9));
    const std::size_t n_vocab = s.model().config().n_vocab;
    std::vector<token> expected;  // what the session should hold
    for (std::size_t n = 0; n < 24 && !in.empty(); ++n) {
        std::vector<token> more(in.below(7));
        const std::size_t choice = in.below(6);
        for (token& id : more) id = static_cast<token>(in.below(n_vocab + 1));  // one that the vocabulary has not
        fuzz::allowing_errors([&] {
            if (choice == 0) {
                const std::size_t position = in.below(context + 1);
                s.rewind(position);
                expected.resize(position);
            } else if (choice == 1) {
                const std::atomic<bool> cancel = true;
                fuzz::require(!s.prefill(more, &cancel));
            } else if (choice == 2) {
                std::vector<float> logits(more.size() * n_vocab);
                s.prefill(more, logits);
                expected.insert(expected.end(), more.begin(), more.end());
                fuzz::require(
                    std::equal(logits.end() - static_cast<std::ptrdiff_t>(n_vocab), logits.end(), s.logits().begin()));
            } else if (choice == 3) {
                s = s.fork();
            } else if (choice == 4) {
                s = saved_and_restored(s, 1 + more.size());
            } else {
                s.prefill(more);
                expected.insert(expected.end(), more.begin(), more.end());
            }
        });
        fuzz::require(std::equal(s.tokens().begin(), s.tokens().end(), expected.begin(), expected.end()));
    }
    if (expected.empty()) return 0;
    s.rewind(expected.size() - 1);
    s.decode(expected.back());
    session fresh = make_session(5);
    fresh.prefill(expected);
    fuzz::require(std::equal(s.logits().begin(), s.logits().end(), fresh.logits().begin()));
    return 0;
}
