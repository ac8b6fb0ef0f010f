// SPDX-License-Identifier: Apache-2.0
// A model file, metadata and all: loaded, asked for what it has, run for some tokens.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <nibble/generate/session.hpp>

#include "fuzz/fuzz.hpp"

using namespace nibble;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::allowing_errors([&] {
        const model m{gguf::file::parse(std::as_bytes(std::span{data, size}))};
        (void)m.warnings();
        fuzz::allowing_errors([&] { (void)m.tokenizer().decode(m.tokenizer().encode("some <s>text</s>")); });
        fuzz::allowing_errors([&] {
            const message hello{role::user, "Hello!"};
            (void)m.apply_chat_template({&hello, 1});
        });
        static const auto alone = std::make_shared<thread_pool>(1u);
        const auto last = static_cast<token>(m.config().n_vocab - 1);
        session s{m, {.context = 6, .batch = 2, .pool = alone}};
        const std::vector<token> prompt{0, last, last / 2};
        s.prefill(prompt);
        fuzz::require(s.logits().size() == m.config().n_vocab);
        fuzz::allowing_errors([&] { (void)s.generate(prompt, {.temperature = 0, .max_tokens = 2}).finish(); });
    });
    return 0;
}
