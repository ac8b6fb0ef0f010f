// SPDX-License-Identifier: Apache-2.0
// The whole way of a tool call with the bundled model: question, call, result, answer.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/generate/session.hpp>
#include <nibble/generate/structure.hpp>
#include <nibble/generate/tool_calling.hpp>
#include <nibble/grammar/tool_grammar.hpp>

#include "support/tiny_model.hpp"
#include "test.hpp"

namespace {

using namespace nibble;
using kind = reply_event::kind;

const json& tools() {
    static const json all = json::parse(R"([
        {"name": "calculator", "description": "Evaluate an expression",
         "parameters": {"type": "object", "properties": {"expression": {"type": "string", "description": "The expression"}}, "required": ["expression"]}},
        {"name": "get_weather", "description": "Get the current weather",
         "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "The city"}}, "required": ["city"]}}])");
    return all;
}

generation_options greedy(bool thinking, token_constraint* constraint) {
    generation_options options{.temperature = 0, .max_tokens = 300};
    options.thinking = thinking;
    options.tools = tools();
    options.date = {2028, 3, 10};
    options.constraint = constraint;
    return options;
}

struct exchange {
    std::string question, name, arguments, result, answer;
};

const std::vector<exchange>& exchanges() {
    static const std::vector<exchange> all{
        {"What is 1733 * 475?", "calculator", R"({"expression":"1733 * 475"})", R"({"result": 823175})",
         "1733 * 475 = 823175."},
        {"Calculate 412 - 21.", "calculator", R"({"expression":"412 - 21"})", R"({"result": 391})", "412 - 21 = 391."},
        {"What is the weather in Geneva?", "get_weather", R"({"city":"Geneva"})",
         R"({"temperature": 9, "sky": "rainy"})", "It is 9 degrees and rainy in Geneva."},
        {"What is the weather in Paris?", "get_weather", R"({"city":"Paris"})",
         R"({"temperature": 17, "sky": "sunny"})", "It is 17 degrees and sunny in Paris."},
    };
    return all;
}

}  // namespace

TEST_CASE("the tiny model calls a tool and answers with its result", "[tools]") {
    session s{test::tiny_model(), {.context = 1024, .threads = 1}};
    const auto trie = std::make_shared<const token_trie>(test::tiny_model().tokenizer());
    grammar_constraint constraint{grammar_from_tools(tools(), {.required = false}), trie};
    for (const bool constrained : {false, true}) {
        for (const auto& x : exchanges()) {
            INFO(x.question << (constrained ? " with a grammar" : ""));
            std::vector<message> messages{{role::user, x.question}};
            constraint.reset();
            auto first = s.chat(messages, greedy(false, constrained ? &constraint : nullptr));
            auto calling = first.events();
            std::size_t n_calls = 0;
            for (const auto& event : calling) {
                CHECK(event.type != kind::tool_call_malformed);
                n_calls += event.type == kind::tool_call;
            }
            REQUIRE(n_calls == 1);
            REQUIRE(calling.reply().tool_calls.size() == 1);
            CHECK(calling.reply().tool_calls[0].name == x.name);
            CHECK(calling.reply().tool_calls[0].arguments.dump() == x.arguments);
            CHECK_FALSE(constraint.failed());

            messages.push_back(calling.reply());
            messages.push_back({.role = role::tool, .content = x.result, .name = x.name});
            constraint.reset();
            auto second = s.chat(messages, greedy(false, constrained ? &constraint : nullptr));
            CHECK(second.stats().reused_tokens > 0);
            auto answering = second.events();
            for (const auto& event : answering) CHECK(event.type == kind::answer);
            CHECK(answering.reply().content == x.answer);
            CHECK(second.reason() == finish_reason::end_token);
        }
    }
}

TEST_CASE("a call after thinking: reasoning and call are events of one stream", "[tools]") {
    session s{test::tiny_model(), {.context = 1024, .threads = 1}};
    const std::vector<message> messages{{role::user, "What is the weather in Geneva?"}};
    auto reply = s.chat(messages, greedy(true, nullptr));
    auto events = reply.events();
    std::string raw;
    for (const auto& event : events) raw += event.raw;
    CHECK(raw == reply.text());
    CHECK_FALSE(events.reply().reasoning.empty());
    REQUIRE(events.reply().tool_calls.size() == 1);
    CHECK(events.reply().tool_calls[0].arguments.dump() == R"({"city":"Geneva"})");
}

TEST_CASE("a required call comes even where the model would not make one", "[tools]") {
    session s{test::tiny_model(), {.context = 1024, .threads = 1}};
    const auto trie = std::make_shared<const token_trie>(test::tiny_model().tokenizer());
    grammar_constraint constraint{grammar_from_tools(tools()), trie};
    auto options = greedy(false, &constraint);
    options.temperature = 0.7f;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        constraint.reset();
        options.seed = seed;
        auto reply = s.chat({{role::user, "Tell me a story about a dog."}}, options);
        auto events = reply.events();
        for (const auto& event : events) CHECK(event.type == kind::tool_call);
        REQUIRE(reply.reason() == finish_reason::constraint);
        REQUIRE(events.reply().tool_calls.size() == 1);
        const auto& call = events.reply().tool_calls[0];
        CHECK((call.name == "calculator" || call.name == "get_weather"));
        CHECK(call.arguments.find(call.name == "calculator" ? "expression" : "city") != nullptr);
    }
}

TEST_CASE("a choice of tools: one that has to be called, none", "[tools]") {
    session s{test::tiny_model(), {.context = 1024, .threads = 1}};
    const std::vector<message> question{{role::user, "What is the weather in Geneva?"}};
    auto options = greedy(false, nullptr);
    options.tool_choice = required_tool_call;
    auto any = s.chat(question, options).events();
    for (const auto& event : any) CHECK(event.type == kind::tool_call);
    REQUIRE(any.reply().tool_calls.size() == 1);
    CHECK(any.reply().tool_calls[0].name == "get_weather");

    options.only_tool = "calculator";
    auto one = s.chat(question, options).events();
    for (const auto& event : one) CHECK(event.type == kind::tool_call);
    REQUIRE(one.reply().tool_calls.size() == 1);
    CHECK(one.reply().tool_calls[0].name == "calculator");
    CHECK(one.reply().tool_calls[0].arguments.find("expression")->is_string());

    options = greedy(false, nullptr);
    const std::size_t n_with_tools = s.chat(question, options).stats().prompt_tokens;
    options.tool_choice = no_tool_calls;
    auto reply = s.chat(question, options);
    CHECK(reply.stats().prompt_tokens < n_with_tools);  // the model is told of none
    for (const auto& event : reply.events()) CHECK(event.type != kind::tool_call);

    options = greedy(true, nullptr);
    options.tool_choice = required_tool_call;
    auto thinking = s.chat(question, options).events();
    for (const auto& event : thinking) CHECK(event.type != kind::tool_call_malformed);
    CHECK(thinking.reply().content.empty());
    CHECK_FALSE(thinking.reply().reasoning.empty());
    CHECK(thinking.reply().reasoning.find("<think>") == std::string::npos);
    CHECK(thinking.reply().tool_calls.size() == 1);
}

TEST_CASE("a call that is cut off is an event, and the session goes on", "[tools]") {
    session s{test::tiny_model(), {.context = 1024, .threads = 1}};
    auto options = greedy(false, nullptr);
    options.max_tokens = 12;
    auto reply = s.chat({{role::user, "What is the weather in Geneva?"}}, options);
    std::size_t n_malformed = 0;
    for (const auto& event : reply.events()) {
        n_malformed += event.type == kind::tool_call_malformed;
        CHECK(event.type == kind::tool_call_malformed);
        CHECK(event.problem.find("cut off") != std::string::npos);
    }
    CHECK(n_malformed == 1);
    CHECK(reply.reason() == finish_reason::token_limit);
    auto again = s.chat({{role::user, "What is 1733 * 475?"}}, greedy(false, nullptr));
    auto events = again.events();
    for (const auto& event : events) CHECK(event.type == kind::tool_call);
}
