// SPDX-License-Identifier: Apache-2.0
#include <nibble/chat/reply_format.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/grammar/tool_grammar.hpp>

#include "support/paths.hpp"
#include "test.hpp"

using namespace nibble;

TEST_CASE("the default format has every form of calls that the table of tags has") {
    const reply_format format;
    CHECK(format.think_open == "<think>");
    CHECK(format.think_close == "</think>");
    const auto tags = format.tags();
    for (const reply_tag& row : reply_tags) {
        if (row.part != reply_part::tool_call) continue;
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

TEST_CASE("what a template writes says which forms of calls and of thinking its model has") {
    // As the templates of these models write a call, or tell the model to; the first form is the model's own.
    struct row {
        const char *model, *source, *open, *after_name, *think_open;
        std::size_t n_forms;
    };
    const row rows[] = {
        {"Qwen 3", "<tool_call>\\n{\\\"name\\\": <function-name>, \\\"arguments\\\": {}}\\n</tool_call> '</think>'",
         "<tool_call>", "", "<think>", 1},
        {"Qwen3-Coder",
         "'<tool_call>\\n<function=' + name + '>\\n' '<parameter=' + key + '>\\n' '\\n</parameter>\\n' "
         "'</function>\\n</tool_call>'",
         "<tool_call>", ">\n", "", 4},
        {"Mistral Nemo", "'[TOOL_CALLS][' + call|tojson + ']'", "[TOOL_CALLS]", "", "", 1},
        {"Mistral Small 3.2", "'[TOOL_CALLS]' + name + '[CALL_ID]' + id + '[ARGS]' + arguments|tojson", "[TOOL_CALLS]",
         "[ARGS]", "", 2},
        {"Magistral", "'[THINK]' + thinking + '[/THINK]' '[TOOL_CALLS]' + name + '[ARGS]' + arguments", "[TOOL_CALLS]",
         "[ARGS]", "[THINK]", 2},
        {"Granite", "respond only with <|tool_call|> followed by a JSON list", "<|tool_call|>", "", "", 1},
        {"Llama 3.1 with tools of one's own", "'<function=' + name + '>' + arguments|tojson + '</function>'",
         "<function=", ">", "", 1},
        {"DeepSeek R1 distill",
         "'<\uff5ctool\u2581calls\u2581begin\uff5c><\uff5ctool\u2581call\u2581begin\uff5c>' + "
         "type + '<\uff5ctool\u2581sep\uff5c>' + name + '\\n```json\\n' + arguments + '\\n```<\uff5ctool\u2581call"
         "\u2581end\uff5c>' content.split('</think>') 'function'",
         "<\uff5ctool\u2581call\u2581begin\uff5c>", "\n```json\n", "<think>", 2},
        {"DeepSeek V3.1",
         "'<\uff5ctool\u2581calls\u2581begin\uff5c><\uff5ctool\u2581call\u2581begin\uff5c>' + name + "
         "'<\uff5ctool\u2581sep\uff5c>' + arguments + '<\uff5ctool\u2581call\u2581end\uff5c>'",
         "<\uff5ctool\u2581call\u2581begin\uff5c>", "<\uff5ctool\u2581sep\uff5c>", "", 1},
        {"Seed-OSS",
         "'<seed:think>' + reasoning + '</seed:think>' '<seed:tool_call>\n<function=' + name + '>\n' "
         "'<parameter=' + key + '>' + value + '</parameter>\n' '</function>\n</seed:tool_call>'",
         "<seed:tool_call>", ">\n", "<seed:think>", 3},
        {"Command A", "'<|START_THINKING|>' '<|END_THINKING|>' '<|START_ACTION|>[' tool_name ']<|END_ACTION|>'",
         "<|START_ACTION|>", "", "<|START_THINKING|>", 1},
        {"gpt-oss",
         "'<|start|>assistant<|channel|>analysis<|message|>' '<|end|>' '<|start|>assistant to=' 'functions.' + name + "
         "'<|channel|>commentary ' 'json<|message|>' '<|start|>assistant<|channel|>final<|message|>' '<|return|>'",
         "<|channel|>commentary to=functions.", " <|constrain|>json<|message|>", "<|channel|>analysis<|message|>", 3},
        {"LFM2", "'<|tool_call_start|>[' + calls + ']<|tool_call_end|>'", "<|tool_call_start|>", "", "", 1},
        {"Llama 4", "{\"name\": function name, \"parameters\": {}} '<|python_start|>' + content + '<|python_end|>'",
         "<|python_start|>", "", "", 1},
        {"GLM-4.5",
         "'<tool_call>' + name '<arg_key>' + k + '</arg_key>' '<arg_value>' + v + '</arg_value>' '</tool_call>' "
         "'</think>'",
         "<tool_call>", "", "<think>", 2},
        {"Hunyuan A13B", "'<tool_calls>\n<tool_call>' + name + '\n```json\n' + arguments + '\n```\n</tool_call>'",
         "<tool_call>", "\n```json\n", "", 2},
        {"Hunyuan 3", "'<tool_calls>' '<tool_call>' + name + '<tool_sep>' '<arg_key>' '<arg_value>' '</think>'",
         "<tool_call>", "<tool_sep>", "<think>", 3},
        {"Kimi K2",
         "'<|tool_calls_section_begin|>' '<|tool_call_begin|>' + id + '<|tool_call_argument_begin|>' "
         "'<|tool_call_end|>'",
         "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "", 1},
        {"MiniMax M2",
         "'<minimax:tool_call>' '<invoke name=\"' + name + '\">' '<parameter name=\"' '</invoke>' '</think>'",
         "<invoke name=\"", "\">\n", "<think>", 1},
        {"OLMo 3", "'<function_calls>' + calls + '</function_calls>'", "<function_calls>", "", "", 1},
        {"Phi", "'<|assistant|>' + content + '<|end|>'", nullptr, "", "", 0},
        {"none", "{{ messages }}", nullptr, "", "", 0},
    };
    for (const auto& [model, source, open, after_name, think_open, n_forms] : rows) {
        INFO(model);
        const auto format = detect_reply_format(source);
        CHECK(format.think_open == think_open);
        REQUIRE(format.tool_calls.size() == n_forms);
        if (n_forms == 0) continue;
        CHECK(format.tool_calls[0].open == open);
        CHECK(format.tool_calls[0].after_name == after_name);
    }
}

TEST_CASE("tags around answers are those that the template writes") {
    const auto opens = [](std::string_view source) {
        std::vector<std::string> out;
        for (const auto& answer : detect_reply_format(source).answers) out.push_back(answer.open);
        return out;
    };
    CHECK(opens("'<answer>' + content + '</answer>'") == std::vector<std::string>{"<answer>"});
    CHECK(opens("write your response between <response></response>") == std::vector<std::string>{"<response>"});
    CHECK(opens("'<|START_RESPONSE|>' '<|END_RESPONSE|>'") == std::vector<std::string>{"<|START_RESPONSE|>"});
    CHECK(opens("'<|start|>assistant<|channel|>final<|message|>'").size() == 3);
    CHECK(opens("'<answer>'").empty());
    CHECK(reply_format{}.answers.empty());
    const auto tags = detect_reply_format("'<answer>' '</answer>'").tags();
    CHECK(std::find(tags.begin(), tags.end(), "</answer>") != tags.end());
}

TEST_CASE("the format is read from the chat template") {
    const auto qwen = detect_reply_format("...<tool_call>\\n{\"name\": <function-name>}...</think>...");
    REQUIRE(qwen.tool_calls.size() == 1);
    CHECK(qwen.tool_calls[0].close == "</tool_call>");
    CHECK(qwen.think_open == "<think>");
    CHECK_FALSE(qwen.bare_calls);
    const std::string bare = "{\"name\": function name, \"parameters\": {}} <|python_tag|>";
    CHECK(detect_reply_format(bare).bare_calls);
    CHECK(detect_reply_format(bare + "<|python_start|> <|python_end|>").bare_calls);
    CHECK_FALSE(detect_reply_format(bare + "<|START_ACTION|> <|END_ACTION|>").bare_calls);  // tools, not calls
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
