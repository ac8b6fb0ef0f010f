// SPDX-License-Identifier: Apache-2.0
#include "test.hpp"

#include <string>
#include <vector>

#include <nibble/generate/session.hpp>

#include "support/tiny_model.hpp"

using nibble::reply_event;
using nibble::session;
using nibble::test::tiny_model;

namespace {

const nibble::test::conversation& conversation_with(const std::string& text) {
    for (const auto& c : nibble::test::tiny_conversations())
        if (c.text.find(text) != std::string::npos) return c;
    throw std::runtime_error("no recorded conversation with " + text);
}

struct parts {
    std::string raw, reasoning, answer;
    std::vector<nibble::tool_call> calls;
    std::size_t n_malformed = 0;
};

parts collect(nibble::reply_events events) {
    parts out;
    for (const auto& event : events) {
        out.raw += event.raw;
        switch (event.type) {
            case reply_event::kind::reasoning: out.reasoning += event.text; break;
            case reply_event::kind::answer: out.answer += event.text; break;
            case reply_event::kind::tool_call: out.calls.push_back(event.call); break;
            case reply_event::kind::tool_call_malformed: ++out.n_malformed; break;
        }
    }
    CHECK(events.begin() == events.end());
    return out;
}

nibble::generation_options options_for(const nibble::test::conversation& c) {
    nibble::generation_options options{.temperature = 0};
    options.thinking = c.thinking;
    options.tools = c.tools;
    options.date = c.date;
    return options;
}

}  // namespace

TEST_CASE("reasoning and answer are separate events", "[events]") {
    session s{tiny_model()};
    const auto& c = conversation_with("I know this one: Germany, Berlin.");
    auto reply = s.chat(c.messages, options_for(c));
    const auto seen = collect(reply.events());
    CHECK(seen.reasoning == "I know this one: Germany, Berlin.\n");
    CHECK(seen.answer == "The capital of Germany is Berlin.");
    CHECK(seen.raw == reply.text());
    CHECK(reply.reason() == nibble::finish_reason::end_token);
}

TEST_CASE("a reply becomes the next message", "[events]") {
    session s{tiny_model()};
    const auto& c = conversation_with("I know this one: Germany, Berlin.");
    auto reply = s.chat(c.messages, options_for(c));
    auto events = reply.events();
    for (const auto& event : events) (void)event;
    CHECK(events.reply().role == nibble::role::assistant);
    CHECK(events.reply().content == "The capital of Germany is Berlin.");
    CHECK(events.reply().reasoning == "I know this one: Germany, Berlin.");
}

TEST_CASE("a reply's reasoning is kept in the next prompt when told to, and not read again", "[events]") {
    const auto& c = conversation_with("I know this one: Germany, Berlin.");
    for (const bool keep : {true, false}) {
        session s{tiny_model()};
        auto reply = s.chat(c.messages, options_for(c));
        auto events = reply.events();
        for (const auto& event : events) (void)event;
        const std::size_t n_read = c.prompt_ids.size() + reply.tokens().size();
        auto messages = c.messages;
        messages.push_back(events.reply());
        messages.push_back({nibble::role::user, "Why?"});
        auto options = options_for(c);
        options.keep_reasoning = keep;
        options.max_tokens = 1;
        auto next = s.chat(messages, options);
        next.finish();
        const std::string read = tiny_model().tokenizer().decode(s.tokens(), {.special = true});
        CHECK((read.find("<think>\nI know this one: Germany, Berlin.\n</think>\nThe capital of Germany is Berlin.") !=
               std::string::npos) == keep);
        CHECK((next.stats().reused_tokens >= n_read - 1) == keep);
    }
}

TEST_CASE("a tool call is one event with name and arguments", "[events]") {
    session s{tiny_model()};
    const auto& c = conversation_with("<tool_call>\n{\"name\": \"order_note\"");
    auto reply = s.chat(c.messages, options_for(c));
    const auto seen = collect(reply.events());
    REQUIRE(seen.calls.size() == 1);
    CHECK(seen.calls[0].name == "order_note");
    CHECK(seen.calls[0].arguments.is_object());
    CHECK(seen.n_malformed == 0);
    CHECK(seen.raw == reply.text());
}

TEST_CASE("a tool call that is cut off is an event, not an error", "[events]") {
    session s{tiny_model()};
    const auto& c = conversation_with("<tool_call>\n{\"name\": \"order_note\"");
    auto options = options_for(c);
    options.max_tokens = c.ids.size() - 8;
    auto reply = s.chat(c.messages, options);
    const auto seen = collect(reply.events());
    CHECK(seen.calls.empty());
    CHECK(seen.n_malformed == 1);
    CHECK(seen.raw == reply.text());
}

TEST_CASE("thinking that the prompt has opened is reasoning from the start", "[events]") {
    session s{tiny_model()};
    const auto& c = conversation_with("I know this one: Germany, Berlin.");
    auto prompt = c.prompt_ids;
    const auto open = tiny_model().tokenizer().encode("<think>\n", {.add_special = false, .parse_special = true});
    prompt.insert(prompt.end(), open.begin(), open.end());
    auto reply = s.generate(prompt, {.temperature = 0});
    const auto seen = collect(reply.events());
    CHECK(seen.reasoning == "I know this one: Germany, Berlin.\n");
    CHECK(seen.answer == "The capital of Germany is Berlin.");
}

TEST_CASE("without tools nothing is a call", "[events]") {
    session s{tiny_model()};
    for (const auto& c : nibble::test::tiny_conversations()) {
        if (c.text.find("<tool_call>") == std::string::npos) continue;
        auto options = options_for(c);
        options.tools = {};
        auto reply = s.generate(c.prompt_ids, options);
        const auto seen = collect(reply.events());
        CHECK(seen.calls.empty());
        CHECK(seen.n_malformed == 0);
        CHECK(seen.answer.find("<tool_call>") != std::string::npos);
        break;
    }
}
