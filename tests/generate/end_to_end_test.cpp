// SPDX-License-Identifier: Apache-2.0
// The bundled model, whole way: messages to prompt to tokens to logits to text, against its recorded conversations.
#include "test.hpp"

#include <string>
#include <vector>

#include <nibble/generate/session.hpp>

#include "support/tiny_model.hpp"

using nibble::test::tiny_conversations;
using nibble::test::tiny_model;

namespace {

constexpr std::size_t n_recorded = 70;
const std::string end_token = "<|im_end|>";

nibble::generation_options greedy(const nibble::test::conversation& c) {
    nibble::generation_options options{.temperature = 0};
    options.thinking = c.thinking;
    options.tools = c.tools;
    options.date = c.date;
    return options;
}

}  // namespace

TEST_CASE("recorded prompts give the recorded tokens and text", "[end_to_end]") {
    REQUIRE(tiny_conversations().size() == n_recorded);
    nibble::session session{tiny_model(), {.threads = 2}};
    for (const auto& c : tiny_conversations()) {
        INFO(c.prompt);
        auto reply = session.generate(c.prompt_ids, {.temperature = 0});
        const std::string text{reply.finish()};
        REQUIRE(std::vector<nibble::token>(reply.tokens().begin(), reply.tokens().end()) == c.ids);
        REQUIRE(text + end_token == c.text);
        CHECK(reply.reason() == nibble::finish_reason::end_token);
    }
}

TEST_CASE("recorded conversations are rendered, encoded and answered as recorded", "[end_to_end]") {
    nibble::session session{tiny_model(), {.threads = 1}};
    for (const auto& c : tiny_conversations()) {
        INFO(c.prompt);
        auto reply = session.chat(c.messages, greedy(c));
        const std::vector<nibble::token> prompt(session.tokens().begin(), session.tokens().end());
        REQUIRE(prompt == c.prompt_ids);
        std::string text;
        for (const std::string_view piece : reply) text += piece;
        REQUIRE(text + end_token == c.text);
        REQUIRE(std::vector<nibble::token>(reply.tokens().begin(), reply.tokens().end()) == c.ids);
    }
}
