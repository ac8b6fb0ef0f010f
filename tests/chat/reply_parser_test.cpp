// SPDX-License-Identifier: Apache-2.0
#include <nibble/chat/reply_parser.hpp>
#include <nibble/chat/tools.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "test.hpp"

namespace {

using namespace nibble;
using kind = reply_event::kind;

/// What a reply came to, independent of how it was cut: texts of one kind in a row joined.
struct outcome {
    std::string raw;
    std::string story;  // readable form of all events
    message reply;
};

/// Ids are shown that stand in the `whole` reply, made ones are not.
void add(outcome& out, std::span<const reply_event> events, kind& last, const std::string& whole) {
    for (const auto& e : events) {
        out.raw += e.raw;
        const bool is_text = e.type == kind::reasoning || e.type == kind::answer;
        if (is_text && e.text.empty()) continue;
        if (!is_text || e.type != last)
            out.story += e.type == kind::reasoning   ? "|R:"
                         : e.type == kind::answer    ? "|A:"
                         : e.type == kind::tool_call ? "|C:"
                                                     : "|M:";
        last = e.type;
        if (is_text) out.story += e.text;
        if (e.type == kind::tool_call)
            out.story += e.call.name + e.call.arguments.dump() +
                         (whole.find(e.call.id) == std::string::npos ? "" : "#" + e.call.id);
        if (e.type == kind::tool_call_malformed) {
            out.story += e.raw;
            CHECK_FALSE(e.problem.empty());
        }
    }
}

outcome parse(const std::vector<std::string>& pieces, const reply_format& format = {}) {
    reply_parser parser{format};
    outcome out;
    auto last = kind::tool_call;
    std::string whole;
    for (const auto& piece : pieces) whole += piece;
    for (const auto& piece : pieces) add(out, parser.push(piece), last, whole);
    add(out, parser.finish(), last, whole);
    out.reply = parser.reply();
    return out;
}

/// Checks the story of `text`, whole, cut in two at every byte, and byte by byte.
void check(const std::string& text, const std::string& story, const reply_format& format = {}) {
    INFO(text);
    const auto whole = parse({text}, format);
    CHECK(whole.story == story);
    CHECK(whole.raw == text);
    std::vector<std::string> bytes;
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
        INFO("cut at " << cut);
        const auto halves = parse({text.substr(0, cut), text.substr(cut)}, format);
        REQUIRE(halves.story == story);
        REQUIRE(halves.raw == text);
        bytes.push_back(text.substr(cut, 1));
    }
    const auto single = parse(bytes, format);
    CHECK(single.story == story);
    CHECK(single.raw == text);
}

}  // namespace

TEST_CASE("reply parser: reasoning and answer") {
    check("Hello.", "|A:Hello.");
    check("", "");
    check("\n Hello.\n", "|A:Hello.\n");
    check("<think>\nI add.\n</think>\n4", "|R:I add.\n|A:4");
    check("<think>\n\n</think>\n\n4", "|A:4");
    check("\n<think>a</think><think>b</think>c", "|R:ab|A:c");
    check("<think>never closed </thin", "|R:never closed </thin");
    check("<think>a <think> <tool_call>{}</tool_call></think>b", "|R:a <think> <tool_call>{}</tool_call>|A:b");
    check("a <think>b</think>", "|A:a <think>b</think>");
    check("x < y << <th <tool <tool_cal", "|A:x < y << <th <tool <tool_cal");
    check("caf\xc3\xa9 \xf0\x9f\x98\x80", "|A:caf\xc3\xa9 \xf0\x9f\x98\x80");
    const auto reply = parse({"<think>\nI add.\n</think>\n\n4 is it\n"}).reply;
    CHECK(reply.role == role::assistant);
    CHECK(reply.reasoning == "I add.");
    CHECK(reply.content == "4 is it\n");
}

TEST_CASE("reply parser: a prompt that has opened the reasoning") {
    reply_format format;
    format.starts_in_reasoning = true;
    check("\nI add.\n</think>\n4", "|R:I add.\n|A:4", format);
    check("no end", "|R:no end", format);
}

TEST_CASE("reply parser: tags of one's own") {
    reply_format format;
    format.think_open = "[THINK]";
    format.think_close = "[/THINK]";
    format.tool_calls = {{"<<<", ">>>"}, {"CALL:", "\n"}};
    check("[THINK]a[/THINK]b<<<{\"name\":\"f\"}>>>c", "|R:a|A:b|C:f{}|A:c", format);
    check("CALL:{\"name\":\"f\",\"arguments\":{\"x\":[1]}}\nok <think>", "|C:f{\"x\":[1]}|A:ok <think>", format);
    format.think_open.clear();
    check("[THINK]a[/THINK]", "|A:[THINK]a[/THINK]", format);
}

TEST_CASE("reply parser: tool calls") {
    check("<tool_call>\n{\"name\": \"add\", \"arguments\": {\"x\": 1}}\n</tool_call>", "|C:add{\"x\":1}");
    check("Let me "
          "see.\n<tool_call>{\"name\":\"a\",\"arguments\":{}}</"
          "tool_call>\n<tool_call>{\"name\":\"b\",\"parameters\":{}}</tool_call>\nDone.",
          "|A:Let me see.\n|C:a{}|C:b{}|A:Done.");
    check("<think>I call.</think>\n<tool_call>{\"name\":\"a\",\"arguments\":null}</tool_call>", "|R:I call.|C:a{}");
    check("<tool_call>{\"id\":\"7\",\"type\":\"function\",\"function\":{\"name\":\"a\",\"arguments\":\"{\\\"x\\\": "
          "1}\"}}</tool_call>",
          "|C:a{\"x\":1}#7");
    check("<tool_call>{\"name\":\"f\",\"arguments\":{\"s\":\"</tool_call> \\\" {[\"}}</tool_call>",
          "|C:f{\"s\":\"</tool_call> \\\" {[\"}");
    check("<tool_call>{\"name\":\"f\"}", "|C:f{}");
    check("<tool_call>{\"name\":\"f\",\"arguments\":{\"id\":12345678901234567890}}</tool_call>",
          "|C:f{\"id\":12345678901234567890}");
    check("<tool_call>[{\"name\":\"f\"},{\"name\":\"g\"}]</tool_call>", "|C:f{}|C:g{}");
    check("[TOOL_CALLS] [{\"name\":\"f\",\"arguments\":{\"x\":\"]\"},\"id\":\"abc\"}] ok",
          "|C:f{\"x\":\"]\"}#abc|A:ok");
    check("<|python_tag|>{\"name\":\"f\",\"parameters\":{}}", "|C:f{}");
    check("<|tool_call|>[{\"name\":\"f\",\"arguments\":{}}]", "|C:f{}");
    check("<code>\nprint(1)\n</code>", "|A:<code>\nprint(1)\n</code>");
    const auto reply =
        parse({"<think>t</think>a<tool_call>{\"name\":\"f\",\"arguments\":{\"x\":1}}</tool_call>"}).reply;
    REQUIRE(reply.tool_calls.size() == 1);
    CHECK(reply.tool_calls[0].name == "f");
    CHECK(reply.tool_calls[0].arguments == json::parse("{\"x\":1}"));
    CHECK(reply.content == "a");
    CHECK(reply.reasoning == "t");
}

TEST_CASE("reply parser: calls whose name stands before the arguments") {
    // Mistral
    check("[TOOL_CALLS]f[ARGS]{\"x\": 1}", "|C:f{\"x\":1}");
    check("See:\n[TOOL_CALLS]f[CALL_ID]a1B2c3D4e[ARGS]{\"x\": \"]}\"}[TOOL_CALLS]g[ARGS] {} ok",
          "|A:See:\n|C:f{\"x\":\"]}\"}#a1B2c3D4e|C:g{}|A:ok");
    check("[TOOL_CALLS]f[ARGS]{\"x\": [1, {\"y\": \"[ARGS]{\"}]}", "|C:f{\"x\":[1,{\"y\":\"[ARGS]{\"}]}");
    check("[TOOL_CALLS]f[ARGS]{\"x\"", "|M:[TOOL_CALLS]f[ARGS]{\"x\"");
    check("[TOOL_CALLS]f{\"x\": 1}", "|M:[TOOL_CALLS]f|A:{\"x\": 1}");
    check("[TOOL_CALLS]I call f.\nDone.", "|M:[TOOL_CALLS]I call f.|A:Done.");
    check("[TOOL_CALLS][ARGS]{}", "|M:[TOOL_CALLS][ARGS]|A:{}");
    check("[TOOL_CALLS]" + std::string(300, 'f'),
          "|M:[TOOL_CALLS]" + std::string(244, 'f') + "|A:" + std::string(56, 'f'));
    // Llama 3.1
    check("<function=f>{\"x\": \"</function>\"}</function>\n<function=g>{}</function>",
          "|C:f{\"x\":\"</function>\"}|C:g{}");
    check("<function=f>{\"x\": 1</function>ok", "|M:<function=f>{\"x\": 1</function>|A:ok");
    check("<function=>{}</function>", "|M:<function=>{}</function>");
    check("<function=f>[1]</function>", "|M:<function=f>[1]</function>");
    // Qwen3-Coder
    check("<tool_call>\n<function=f>\n<parameter=city>\n New York\n</parameter>\n<parameter=n>\n12\n</parameter>\n"
          "<parameter=code>\nif x > \"{a\":\n    f()\n</parameter>\n</function>\n</tool_call>\nok",
          "|C:f{\"city\":\" New York\",\"n\":12,\"code\":\"if x > \\\"{a\\\":\\n    f()\"}|A:ok");
    check("<tool_call>\n<function=f>\n</function>\n</tool_call>", "|C:f{}");
    check("<function=f>\n<parameter=x>\n{\"y\": [1]}\n</parameter>\n</function>", "|C:f{\"x\":{\"y\":[1]}}");
    check("<tool_call>\n<function=f>\n<parameter=x>1</function>\n</tool_call>ok",
          "|M:<tool_call>\n<function=f>\n<parameter=x>1</function>\n</tool_call>|A:ok");
    // DeepSeek: V3 and the distills of R1, V3.1
    const std::string begin = "<\uff5ctool\u2581call\u2581begin\uff5c>", end = "<\uff5ctool\u2581call\u2581end\uff5c>",
                      sep = "<\uff5ctool\u2581sep\uff5c>", all_begin = "<\uff5ctool\u2581calls\u2581begin\uff5c>",
                      all_end = "<\uff5ctool\u2581calls\u2581end\uff5c>";
    const std::string f = begin + "function" + sep + "f\n```json\n{\"x\": \"```\"}\n```" + end;
    check("a" + all_begin + f + "\n" + f + all_end + "\nb", "|A:a|C:f{\"x\":\"```\"}|C:f{\"x\":\"```\"}|A:b");
    check("<think>t</think>\n\n" + all_begin + f + all_end, "|R:t|C:f{\"x\":\"```\"}");
    check(all_begin + begin + "f" + sep + "{\"x\": 1}" + end + all_end, "|C:f{\"x\":1}");
    check(begin + "function" + sep + "f" + end + "ok", "|M:" + begin + "function" + sep + "f" + end + "|A:ok");
    reply_format format;
    format.tools = {"g"};
    check("[TOOL_CALLS]f[ARGS]{}", "|M:[TOOL_CALLS]f[ARGS]{}", format);
    check("[TOOL_CALLS]g[ARGS]{}", "|C:g{}", format);
}

TEST_CASE("reply parser: calls whose arguments have keys between tags of their own") {
    // GLM
    check("<tool_call>f\n<arg_key>city</arg_key>\n<arg_value>New York</arg_value>\n<arg_key>n</arg_key>\n"
          "<arg_value>[12, \"{\"]</arg_value>\n</tool_call>\nok",
          "|C:f{\"city\":\"New York\",\"n\":[12,\"{\"]}|A:ok");
    check("<tool_call>f<arg_key>x</arg_key><arg_value>1</arg_value></tool_call><tool_call>get-it\n</tool_call>",
          "|C:f{\"x\":1}|C:get-it{}");
    for (const std::string inner : {"", "f g", "f(x)", "f\n<arg_key>x</arg_key>", "f\n<arg_key>x</arg_key>1",
                                    "f\n<arg_key>x</arg_key>\n<arg_value>1", "f\n<arg_value>1</arg_value>"})
        check("<tool_call>" + inner + "</tool_call>ok", "|M:<tool_call>" + inner + "</tool_call>|A:ok");
    // Hunyuan
    check("<tool_calls>\n<tool_call>f<tool_sep>\n<arg_key>x</arg_key>\n<arg_value>a b</arg_value>\n</tool_call>\n"
          "<tool_call>g<tool_sep></tool_call>\n</tool_calls>",
          "|C:f{\"x\":\"a b\"}|C:g{}");
    check("a<tool_calls>\n<tool_call>f\n```json\n{\"x\": \"</tool_call>\"}\n```\n</tool_call>\n</tool_calls>b",
          "|A:a|C:f{\"x\":\"</tool_call>\"}|A:b");
    // MiniMax
    check("<think>t</think>\n<minimax:tool_call>\n<invoke name=\"f\">\n<parameter name=\"x\">a \"b\"</parameter>\n"
          "<parameter name=\"y\">{\"k\": [1]}</parameter>\n</invoke>\n<invoke name=\"g\">\n</invoke>\n"
          "</minimax:tool_call>",
          "|R:t|C:f{\"x\":\"a \\\"b\\\"\",\"y\":{\"k\":[1]}}|C:g{}");
    check("<invoke name=\"f\"><parameter name=\"x\">1</invoke>ok",
          "|M:<invoke name=\"f\"><parameter name=\"x\">1</invoke>|A:ok");
}

TEST_CASE("reply parser: an id that has the name in it") {
    const std::string open = "<|tool_call_begin|>", arguments = "<|tool_call_argument_begin|>",
                      close = "<|tool_call_end|>";
    check("a<|tool_calls_section_begin|>" + open + "functions.f:0" + arguments + "{\"x\": \"<|tool_call_end|>\"}" +
              close + open + "functions.g:1 " + arguments + "{}" + close + "<|tool_calls_section_end|>",
          "|A:a|C:f{\"x\":\"<|tool_call_end|>\"}#functions.f:0|C:g{}#functions.g:1");
    check(open + "functions.f" + arguments + "{}" + close, "|C:f{}#functions.f");
    check(open + "f:0" + arguments + "{}" + close, "|M:" + open + "f:0" + arguments + "{}" + close);
}

TEST_CASE("reply parser: the form of gpt-oss") {
    auto format =
        detect_reply_format("<|channel|>analysis<|message|> <|channel|>commentary <|channel|>final<|message|>");
    const std::string analysis = "<|channel|>analysis<|message|>I add.<|end|>", next = "<|start|>assistant";
    const std::string final = "<|channel|>final<|message|>", commentary = "<|channel|>commentary";
    check(analysis + next + final + "It is 4.", "|R:I add.|A:It is 4.", format);
    check(final + "4", "|A:4", format);
    check(analysis + next + commentary + " to=functions.f <|constrain|>json<|message|>{\"x\": 1}",
          "|R:I add.|C:f{\"x\":1}", format);
    check(commentary + " to=functions.f json<|message|>{}", "|C:f{}", format);
    check(" to=functions.f" + commentary + " json<|message|>{}", "|C:f{}", format);
    check(analysis + next + commentary + "<|message|>I look.<|end|>" + next + commentary +
              " to=functions.f <|constrain|>json<|message|>{}",
          "|R:I add.|A:I look.|C:f{}", format);
    check(analysis + next + analysis + next + final + "4 <|end|>", "|R:I add.I add.|A:4 <|end|>", format);
    check(commentary + " to=functions.f <|constrain|>json<|message|>{",
          "|M:" + commentary + " to=functions.f <|constrain|>json<|message|>{", format);
    format.tools = {"g"};
    check(commentary + " to=functions.f json<|message|>{}", "|M:" + commentary + " to=functions.f json<|message|>{}",
          format);
}

TEST_CASE("reply parser: tags around answers are no part of them") {
    const auto hunyuan = detect_reply_format("<think></think> <answer></answer>");
    check("<think>\nI add.\n</think>\n<answer>\nIt is 4.</answer>\n", "|R:I add.\n|A:It is 4.", hunyuan);
    check("<answer>a </answer> <answer>b</answer>", "|A:a b", hunyuan);
    check("Write <answer>4</answer>", "|A:Write <answer>4</answer>", hunyuan);
    check("4</answer>", "|A:4</answer>", hunyuan);
    check("<answer>4</ans", "|A:4</ans", hunyuan);
    const auto command = detect_reply_format(
        "<|START_THINKING|> <|END_THINKING|> <|START_ACTION|> <|END_ACTION|> <|START_RESPONSE|> <|END_RESPONSE|>");
    check("<|START_THINKING|>I look.<|END_THINKING|><|START_ACTION|>[\n    {\"tool_call_id\": \"0\", "
          "\"tool_name\": \"f\", \"parameters\": {\"x\": \"]\"}}\n]<|END_ACTION|>",
          "|R:I look.|C:f{\"x\":\"]\"}#0", command);
    check("<|START_RESPONSE|>It is 4.<|END_RESPONSE|>", "|A:It is 4.", command);
    check("<|START_ACTION|>[{\"name\": \"f\"}]<|END_ACTION|>", "|M:<|START_ACTION|>[{\"name\": \"f\"}]<|END_ACTION|>",
          command);
    check("<seed:tool_call>\n<function=f>\n<parameter=x>1</parameter>\n</function>\n</seed:tool_call>",
          "|C:f{\"x\":1}");
    check("I look.\n<|tool_call_start|>[f(city=\"Oslo\", n=[1]), g()]<|tool_call_end|>Done.",
          "|A:I look.\n|C:f{\"city\":\"Oslo\",\"n\":[1]}|C:g{}|A:Done.");
    check("<|python_start|>[f(x=\"]\")]<|python_end|>", "|C:f{\"x\":\"]\"}");
    check("<function_calls>\nf(x='5\" ')\ng()\n</function_calls>", "|C:f{\"x\":\"5\\\" \"}|C:g{}");
    check("<|tool_call_start|>[f(x=]<|tool_call_end|>ok", "|M:<|tool_call_start|>[f(x=]<|tool_call_end|>|A:ok");
    // Tags in a row cost no more than others: none is remembered twice.
    std::string many;
    for (int i = 0; i < 20'000; ++i) many += "<answer></answer>";
    CHECK(parse({many}, hunyuan).story.empty());
}

TEST_CASE("reply parser: a form of one's own") {
    reply_format format;
    format.tool_calls = {{.open = "<<",
                          .close = ">>",
                          .before_name = "fn:",
                          .after_name = "\nargs:",
                          .before_id = "#",
                          .after_arguments = ";",
                          .list_open = "CALLS(",
                          .list_close = ")"}};
    check("x CALLS(<<fn: f #17\nargs: {\"x\": \">>\"};>>) y", "|A:x |C:f{\"x\":\">>\"}#17|A:y", format);
    check("<<f\nargs:{}>>", "|M:<<f\nargs:{}>>", format);
}

TEST_CASE("reply parser: what is written in a form is read in it") {
    const std::vector<tool_call> calls{
        {"", "f", json::parse(R"({"s": "a\nb </x>", "n": 12345678901234567890, "o": {"k": [true, null]}})")},
        {"", "get_it", json_object{}}};
    for (const auto& form : known_tool_call_forms()) {
        INFO(form.open << " " << form.after_name);
        reply_parser parser;
        std::string text = "I call.";
        for (const auto& call : calls) text += detail::written_call(call, form);
        parser.push(text);
        parser.finish();
        CHECK(parser.reply().content == "I call.");
        REQUIRE(parser.reply().tool_calls.size() == calls.size());
        for (std::size_t i = 0; i < calls.size(); ++i) {
            CHECK(parser.reply().tool_calls[i].name == calls[i].name);
            CHECK(parser.reply().tool_calls[i].arguments == calls[i].arguments);
        }
    }
}

TEST_CASE("reply parser: code to be run") {
    reply_format format;
    format.tool_calls.push_back(code_form());
    const auto events_of = [&](std::string_view text, std::size_t step) {
        reply_parser parser{format};
        std::vector<reply_event> out;
        for (std::size_t at = 0; at < text.size(); at += step)
            for (const auto& event : parser.push(text.substr(at, step))) out.push_back(event);
        for (const auto& event : parser.finish()) out.push_back(event);
        return std::pair{out, parser.reply()};
    };
    for (const std::size_t step : {1u, 3u, 1000u}) {
        const auto [events, reply] = events_of("I run it.\n<code>\nif x < \"</b>\":\n    f(1)\n</code>\ndone", step);
        REQUIRE(reply.tool_calls.size() == 1);
        CHECK(reply.tool_calls[0].name == "python");
        CHECK(reply.tool_calls[0].arguments == json{json_object{{"code", "if x < \"</b>\":\n    f(1)"}}});
        CHECK(reply.content == "I run it.\ndone");
        const auto cut = events_of("<code>\nprint(1", step).first;
        REQUIRE(cut.size() == 1);
        CHECK(cut[0].type == reply_event::kind::tool_call_malformed);
        CHECK(cut[0].problem.find("cut off") != std::string::npos);
    }
    CHECK(events_of("<code></code>", 1).second.tool_calls[0].arguments == json::parse(R"({"code": ""})"));
}

TEST_CASE("reply parser: calls that are none are events too") {
    const auto malformed = [](const std::string& call, const std::string& rest = "") {
        check(call + rest, "|M:" + call + (rest.empty() ? "" : "|A:" + rest));
    };
    malformed("<tool_call>{\"name\": \"get_wea");
    malformed("<tool_call>");
    malformed("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}\n</tool_call>", "ok");
    malformed("<tool_call>{}</tool_call>", "ok");
    malformed("<tool_call>{\"name\":\"\"}</tool_call>");
    malformed("<tool_call>{\"name\":\"f\",\"arguments\":[1]}</tool_call>", "ok");
    malformed("<tool_call>{\"name\":\"f\",\"arguments\":\"x\"}</tool_call>");
    malformed("<tool_call>f(x=1)</tool_call>", "ok");
    malformed("<tool_call>{'name': 'f'}</tool_call>");
    malformed("<tool_call>[]</tool_call>");
    malformed("<tool_call>{\"name\":\"f\"} trailing</tool_call>");
    malformed("<tool_call>{\"name\":\"f\n\"}</tool_call>", "the string ends with its line");
    malformed("<tool_call>{\"name\":\"\\ud800\"}</tool_call>");
    malformed("<tool_call>\xff</tool_call>");
    malformed("<tool_call>{\"name\":\"f\",\"arguments\":{\"x\":1e400}}</tool_call>", "ok");  // not Infinity
    check("<|python_tag|>{\"name\": \"f\n\"} x", "|M:<|python_tag|>{\"name\": \"f\n|A:\"} x");
    check("<|python_tag|> import x", "|M:<|python_tag|> |A:import x");
    check("[TOOL_CALLS]", "|M:[TOOL_CALLS]");
    check("<tool_call>{}</tool_call><tool_call>{\"name\":\"f\"}</tool_call>", "|M:<tool_call>{}</tool_call>|C:f{}");
    std::string deep = "<tool_call>{\"name\":\"f\",\"arguments\":{\"x\":";
    for (int i = 0; i < 300; ++i) deep += "[";
    for (int i = 0; i < 300; ++i) deep += "]";
    malformed(deep + "}}</tool_call>", "ok");
    CHECK(parse({"a<tool_call>{</tool_call>b"}).reply.content == "a<tool_call>{</tool_call>b");

    reply_format format;
    format.max_call_bytes = 40;
    const std::string long_call =
        "<tool_call>{\"name\":\"f\",\"arguments\":{\"x\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}</tool_call>";
    check(long_call, "|M:" + long_call.substr(0, 40) + "|A:" + long_call.substr(40), format);
}

TEST_CASE("reply parser: bare calls") {
    reply_format format;
    format.bare_calls = true;
    check("{\"name\": \"f\", \"parameters\": {\"x\": 1}}", "|C:f{\"x\":1}", format);
    check("\n{\"name\": \"f\"} and more", "|C:f{}|A:and more", format);
    check("{\"answer\": 42}", "|A:{\"answer\": 42}", format);
    check("{ \"name\": \"f\", \"par", "|M:{ \"name\": \"f\", \"par", format);
    check("{not json at all", "|A:{not json at all", format);
    check("text {\"name\":\"f\"}", "|A:text {\"name\":\"f\"}", format);
    check("{\"name\": \"f\"}", "|A:{\"name\": \"f\"}");
}

TEST_CASE("reply parser: only tools that were offered are called") {
    reply_format format;
    format.bare_calls = true;
    format.tools = {"weather", "f"};
    check("{\"name\":\"Alice\",\"age\":30}", "|A:{\"name\":\"Alice\",\"age\":30}", format);
    check("{\"name\":\"Alice\"}", "|A:{\"name\":\"Alice\"}", format);
    check("{\"name\":\"weather\",\"wind\":3}", "|A:{\"name\":\"weather\",\"wind\":3}", format);
    check("{\"name\":\"weather\",\"parameters\":{}}", "|C:weather{}", format);
    check("<tool_call>{\"name\":\"g\"}</tool_call>x", "|M:<tool_call>{\"name\":\"g\"}</tool_call>|A:x", format);
    check("<tool_call>{\"name\":\"f\"}</tool_call>x", "|C:f{}|A:x", format);
    CHECK(parse({"<tool_call>{\"name\":\"g\"}</tool_call>"}, format).reply.content ==
          "<tool_call>{\"name\":\"g\"}</tool_call>");
}

TEST_CASE("reply parser: several bare calls") {
    reply_format format;
    format.bare_calls = true;
    const std::string f = "{\"name\":\"f\",\"parameters\":{}}", g = "{\"name\":\"g\",\"parameters\":{\"x\":1}}";
    for (const std::string between : {"; ", "\n", "", " ,\n", ";"})
        check(f + between + g, "|C:f{}|C:g{\"x\":1}", format);
    check("<|python_tag|>" + f + "; " + g + "\n" + f, "|C:f{}|C:g{\"x\":1}|C:f{}", format);
    check(f + "; done", "|C:f{}|A:; done", format);
    check(f + ";", "|C:f{}|A:;", format);
    check(f + "\n{\"x\":1} ok", "|C:f{}|A:{\"x\":1} ok", format);
    CHECK(parse({f + "; " + g}, format).reply.content.empty());
}

TEST_CASE("reply parser: every call has an id") {
    const std::string text =
        "<tool_call>{\"name\":\"f\"}</tool_call>\n<tool_call>[{\"name\":\"f\"},{\"name\":\"f\"}]</tool_call>";
    const auto ids_of = [&](std::uint64_t seed) {
        reply_parser parser{{}, seed};
        parser.push(text);
        parser.finish();
        std::vector<std::string> out;
        for (const auto& call : parser.reply().tool_calls) out.push_back(call.id);
        return out;
    };
    std::vector<std::string> ids = ids_of(0);
    CHECK(ids == ids_of(0));
    for (const auto& id : ids_of(1)) ids.push_back(id);
    REQUIRE(ids.size() == 6);
    for (const auto& id : ids) {
        CHECK(id.size() == 9);
        CHECK(id.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz") == std::string::npos);
        CHECK(std::count(ids.begin(), ids.end(), id) == 1);
    }
}

TEST_CASE("reply parser: random texts, randomly cut, are neither lost nor doubled") {
    static const std::vector<std::string> parts{"<think>",
                                                "</think>",
                                                "<tool_call>",
                                                "</tool_call>",
                                                "[TOOL_CALLS]",
                                                "<|python_tag|>",
                                                "[ARGS]{",
                                                "[CALL_ID]",
                                                "<function=",
                                                "<parameter=x>",
                                                "</parameter>",
                                                "<tool_call>f",
                                                "<arg_key>",
                                                "</arg_key>",
                                                "<arg_value>1</arg_value>",
                                                "<tool_sep>",
                                                "</tool_calls>",
                                                "<invoke name=\"",
                                                "<|tool_call_begin|>functions.",
                                                "<|tool_call_argument_begin|>",
                                                "<|tool_call_end|>",
                                                "[f()]<|python_end|>",
                                                "</function>",
                                                ">\n",
                                                "<\uff5ctool\u2581calls\u2581begin\uff5c>",
                                                "<\uff5ctool\u2581call\u2581begin\uff5c>",
                                                "<\uff5ctool\u2581sep\uff5c>",
                                                "<\uff5ctool\u2581call\u2581end\uff5c>",
                                                "{\"name\":\"f\",\"arguments\":{}}",
                                                "{",
                                                "}",
                                                "[",
                                                "]",
                                                "\"",
                                                "\\",
                                                "\n",
                                                " ",
                                                "a",
                                                "<",
                                                "</",
                                                "tool_call>",
                                                "{\"name\":",
                                                "\xc3\xa9",
                                                std::string(1, '\0')};
    std::mt19937 rng{23};
    std::size_t n_calls = 0, n_malformed = 0;
    for (int round = 0; round < 5000; ++round) {
        std::string text;
        for (auto n = rng() % 14; n > 0; --n) text += parts[rng() % parts.size()];
        reply_format format;
        format.bare_calls = rng() % 4 == 0;
        format.starts_in_reasoning = rng() % 8 == 0;
        if (rng() % 8 == 0) format.max_call_bytes = 12 + rng() % 30;
        std::vector<std::string> pieces;
        for (std::size_t at = 0; at < text.size(); at += pieces.back().size())
            pieces.push_back(text.substr(at, 1 + rng() % 9));
        INFO(escaped(text, 1000));
        const auto whole = parse({text}, format), cut = parse(pieces, format);
        REQUIRE(whole.raw == text);
        REQUIRE(cut.raw == text);
        REQUIRE(cut.story == whole.story);
        REQUIRE(cut.reply.content == whole.reply.content);
        REQUIRE(cut.reply.reasoning == whole.reply.reasoning);
        n_calls += whole.reply.tool_calls.size();
        n_malformed += whole.story.find("|M:") != std::string::npos;
    }
    CHECK(n_calls > 50);
    CHECK(n_malformed > 100);
}

TEST_CASE("reply parser: long replies byte by byte") {
    // Each would take hours if a byte cost as much as the text before it.
    for (const std::string unit :
         {"<", "<tool_call>", "\n", "<tool_call>{\"", "{", "<think>", "[TOOL_CALLS][", "[TOOL_CALLS]f",
          "<function=f>{\"", "<arg_key>{", "<invoke name=\"{", "<tool_call> x> {", "[ARGS] {"}) {
        reply_parser parser;
        std::size_t bytes = 0, given = 0;
        const auto count = [&](std::span<const reply_event> events) {
            for (const auto& e : events) given += e.raw.size();
        };
        while (bytes < 1'500'000) {
            for (const char c : unit) count(parser.push({&c, 1}));
            bytes += unit.size();
        }
        count(parser.finish());
        CHECK(given == bytes);
    }
}
