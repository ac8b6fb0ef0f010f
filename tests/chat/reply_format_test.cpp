// SPDX-License-Identifier: Apache-2.0
#include <nibble/chat/reply_format.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <nibble/grammar/tool_grammar.hpp>

#include "support/paths.hpp"
#include "test.hpp"

using namespace nibble;

TEST_CASE("the default format has every form of the table of tags") {
    const reply_format format;
    CHECK(format.think_open == "<think>");
    CHECK(format.think_close == "</think>");
    const auto tags = format.tags();
    for (const reply_tag& row : reply_tags) {
        if (row.part != reply_part::reasoning && row.part != reply_part::tool_call) continue;
        INFO(std::string{row.open});
        CHECK(std::find(tags.begin(), tags.end(), row.open) != tags.end());
        CHECK((row.close.empty() || std::find(tags.begin(), tags.end(), row.close) != tags.end()));
    }
    CHECK(std::find(tags.begin(), tags.end(), "") == tags.end());
    CHECK(code_form().is_code);
    CHECK_FALSE(code_form().close.empty());
}

TEST_CASE("grammars of tool calls write the usual form") {
    CHECK(tool_grammar_options{}.open == usual_tag(reply_part::tool_call).open);
    CHECK(tool_grammar_options{}.close == usual_tag(reply_part::tool_call).close);
}

TEST_CASE("a prompt may end inside of the reasoning") {
    CHECK(opens_reasoning("<|im_start|>assistant\n<think>\n"));
    CHECK_FALSE(opens_reasoning("<|im_start|>assistant\n<think>\n\n</think>\n"));
    CHECK_FALSE(opens_reasoning(""));
}

TEST_CASE("the format is read from the chat template") {
    const auto qwen = detect_reply_format("...<tool_call>\\n{\"name\": <function-name>}...</think>...");
    REQUIRE(qwen.tool_calls.size() == 1);
    CHECK(qwen.tool_calls[0].close == "</tool_call>");
    CHECK(qwen.think_open == "<think>");
    CHECK_FALSE(qwen.bare_calls);
    CHECK(detect_reply_format("{{ messages }}").tool_calls.empty());
    CHECK(detect_reply_format("{{ messages }}").think_open.empty());
    if (test::shared_dir().empty()) {
        WARN("SKIPPED: needs ../shared/templates");
        return;
    }
    const auto of = [](const char* name) {
        std::ifstream in(test::shared_dir() / "templates" / name, std::ios::binary);
        REQUIRE(in);
        return detect_reply_format(std::string{std::istreambuf_iterator<char>{in}, {}});
    };
    CHECK(of("smollm3.jinja").tool_calls.at(0).open == "<tool_call>");
    CHECK_FALSE(of("smollm3.jinja").think_open.empty());
    CHECK(of("qwen3.jinja").tool_calls.at(0).open == "<tool_call>");
    CHECK(of("qwen2.5.jinja").think_open.empty());
    CHECK(of("mistral-nemo.jinja").tool_calls.at(0).open == "[TOOL_CALLS]");
    CHECK(of("granite-3.3.jinja").tool_calls.at(0).open == "<|tool_call|>");
    CHECK(of("llama-3.2.jinja").bare_calls);
    CHECK_FALSE(of("phi-3.5.jinja").bare_calls);
}
