// SPDX-License-Identifier: Apache-2.0
#include <nibble/generate/tool_calling.hpp>

#include <random>
#include <string>
#include <vector>

#include <nibble/chat/reply_parser.hpp>
#include <nibble/chat/tools.hpp>
#include <nibble/generate/callable_tools.hpp>
#include <nibble/generate/structure.hpp>
#include <nibble/grammar/matcher.hpp>

#include "support/random_text.hpp"
#include "support/refusal.hpp"
#include "support/schema_validator.hpp"
#include "test.hpp"

namespace {

using namespace nibble;
using nibble::test::refusal_of;

const std::vector<tool>& offered() {
    static const std::vector<tool> all{
        {"get_weather", "Get the weather",
         json::parse(R"({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                         "required": ["city"], "additionalProperties": false})")},
        {"set", "",
         json::parse(R"({"type": "object", "properties": {"on": {"type": "boolean"}, "tags": {"type": "array",
                     "items": {"enum": ["</tool_call>", "[ARGS]{", "```", "a"]}, "maxItems": 2}},
                     "required": ["on", "tags"], "additionalProperties": false})")},
        {.name = "now"}};
    return all;
}

/// A format for every form whose calls a grammar can write, and bare calls.
std::vector<reply_format> formats() {
    std::vector<reply_format> out;
    for (const auto& form : known_tool_call_forms()) {
        if (!form.before_key.empty() || form.is_python) continue;
        out.emplace_back().tool_calls = {form};
    }
    auto& bare = out.emplace_back();
    bare.tool_calls.clear();
    bare.bare_calls = true;
    return out;
}

errc refused(const generation_options& options, const reply_format& format = {}) {
    return refusal_of([&] { return detail::require_call(options, format, nullptr) == nullptr; }).code;
}

}  // namespace

TEST_CASE("what the grammar of a form allows is read back as calls of offered tools with arguments that fit") {
    std::mt19937 rng{31};
    for (auto format : formats()) {
        const std::string open =
            format.bare_calls ? "bare" : format.tool_calls[0].open + format.tool_calls[0].after_name;
        format.tools = {"get_weather", "set", "now"};
        for (const bool parallel : {false, true}) {
            auto options = tool_grammar_of(format);
            options.parallel = parallel;
            const auto calls = grammar_from_tools(tool_list{offered()}, options);
            auto states = calls.states();
            std::size_t n_ended = 0;
            for (int i = 0; i < 60; ++i) {
                const std::string text = test::random_text(states, rng, 2000);
                if (text.empty()) continue;
                ++n_ended;
                INFO(open << ": " << escaped(text, 1000));
                reply_parser parser{format};
                parser.push(text);
                parser.finish();
                CHECK(parser.reply().content.empty());
                REQUIRE_FALSE(parser.reply().tool_calls.empty());
                CHECK((parallel || parser.reply().tool_calls.size() == 1));
                for (const auto& call : parser.reply().tool_calls) {
                    const auto definition = std::find_if(offered().begin(), offered().end(),
                                                         [&](const tool& one) { return one.name == call.name; });
                    REQUIRE(definition != offered().end());
                    CHECK((definition->parameters.is_null() ||
                           test::schema_validator{definition->parameters}.valid(call.arguments)));
                }
            }
            INFO(open);
            CHECK(n_ended > 20);
        }
    }
}

TEST_CASE("what is written in a form is a text of its grammar, alone and behind a text") {
    const tool_call call{"", "get_weather", json_object{{"city", "Oslo"}}};
    for (const auto& format : formats()) {
        if (format.bare_calls) continue;
        const auto& form = format.tool_calls[0];
        INFO(form.open << form.after_name);
        auto options = tool_grammar_of(format);
        const std::string text = form.list_open + detail::written_call(call, form) + form.list_close;
        const json tools = tool_list{offered()};
        CHECK(matches(grammar_from_tools(tools, options), text));
        options.required = false;
        const auto free = grammar_from_tools(tools, options);
        CHECK(matches(free, text));
        CHECK(matches(free, "I look. <tool" + text));
        CHECK(matches(free, "No call."));
        CHECK_FALSE(matches(free, text.substr(0, text.size() - 1)));
    }
}

TEST_CASE("a name that a form cannot hold is refused") {
    const json tools = tool_list{{"two words"}};
    reply_format named;
    named.tool_calls = {{.open = "[TOOL_CALLS]", .after_name = "[ARGS]"}};
    CHECK(refusal_of([&] { return grammar_from_tools(tools, tool_grammar_of(named)).states().size(); }).code ==
          errc::schema_unsupported);
    CHECK_NOTHROW(grammar_from_tools(tools));  // as JSON it can be anything
}

TEST_CASE("choice of tools: what contradicts itself is refused") {
    generation_options options;
    CHECK(refused(options) == errc::schema_unsupported);  // there are no tools
    options.tools = offered();
    options.only_tool = "get_time";
    CHECK(refused(options) == errc::bad_option);
    options.only_tool = "now";
    CHECK(detail::callable_names(options) == std::vector<std::string>{"now"});
    reply_format none;
    none.tool_calls.clear();
    CHECK(refused(options, none) == errc::bad_option);
    grammar_constraint other{
        grammar::from_gbnf("root ::= \"a\""),
        std::make_shared<const token_trie>(std::vector<std::string_view>{"a"}, std::vector<token>{})};
    options.constraint = &other;
    CHECK(refused(options) == errc::bad_option);
    options.tool_choice = no_tool_calls;
    CHECK(detail::callable_names(options).empty());
}

TEST_CASE("tools are a type, or definitions in both published forms") {
    const json bare = json::parse(R"([{"name": "f", "description": "d", "parameters": {"type": "object"}}])");
    const json openai = json::parse(
        R"([{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}])");
    const tool typed{"f", "d", json_object{{"type", "object"}}};
    generation_options options;
    CHECK(options.tools.is_null());
    for (const tool_list& tools :
         {tool_list{bare}, tool_list{openai}, tool_list{typed}, tool_list{std::vector{typed}}}) {
        options.tools = tools;
        CHECK(detail::callable_names(options) == std::vector<std::string>{"f"});
        CHECK(detail::as_openai_tools(options.tools) == openai);
    }
    options.tools = {};
    CHECK(options.tools.is_null());
    CHECK(to_json(tool{.name = "now"}).find("parameters")->find("type")->as_string() == "object");
}
