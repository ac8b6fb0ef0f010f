// SPDX-License-Identifier: Apache-2.0
#include <nibble/chat/template.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <nibble/chat/reply_parser.hpp>
#include <nibble/gguf/file.hpp>

#include "support/paths.hpp"
#include "support/refusal.hpp"
#include "test.hpp"

namespace {

using namespace nibble;
using nibble::test::refusal_of;

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
std::filesystem::path shared(std::string_view name) {
    const auto dir = nibble::test::shared_dir();
    const auto path = dir / name;
    if (!dir.empty() && std::filesystem::exists(path)) return path;
    WARN("SKIPPED: needs ../shared/" << name);
    return {};
}
calendar_time read_date(const std::string& text) {
    calendar_time t;
    REQUIRE(std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d", &t.year, &t.month, &t.day, &t.hour, &t.minute, &t.second) ==
            6);
    return t;
}

}  // namespace

TEST_CASE("messages become what templates expect") {
    const std::vector<message> messages{
        {role::system, "Be kind."},
        {role::user, "Weather?"},
        {.role = role::assistant,
         .content = "",
         .reasoning = "hm",
         .tool_calls = {{"c1", "get_weather", json::object{{"city", "Paris"}}}, {"", "now", json::object{}}}},
        {.role = role::tool, .content = "21", .name = "get_weather", .tool_call_id = "c1"}};
    CHECK(to_json(messages).dump() ==
          R"([{"role":"system","content":"Be kind."},{"role":"user","content":"Weather?"},)"
          R"({"role":"assistant","content":"","reasoning_content":"hm","tool_calls":[)"
          R"({"type":"function","id":"c1","function":{"name":"get_weather","arguments":{"city":"Paris"}}},)"
          R"({"type":"function","function":{"name":"now","arguments":{}}}]},)"
          R"({"role":"tool","content":"21","name":"get_weather","tool_call_id":"c1"}])");
}

TEST_CASE("options become variables") {
    const chat_template t(
        "{{ bos_token }}|{{ eos_token is defined }}|{{ messages[0].content }}|{{ add_generation_prompt }}|"
        "{{ enable_thinking is defined }}|{{ enable_thinking }}|{{ tools is defined }}|{{ tools }}|{{ extra }}|"
        "{{ strftime_now('%Y-%m-%d') }}",
        "<s>", "");
    const std::vector<message> messages{{role::user, "hi"}};
    CHECK(t.render(messages) == "<s>|False|hi|True|False||False|||");
    CHECK(t.render(messages, {.add_generation_prompt = false,
                              .enable_thinking = false,
                              .tools = json::array{"t"},
                              .variables = json::object{{"extra", 1}, {"bos_token", "<b>"}},
                              .date = {2030, 1, 2}}) == "<b>|False|hi|False|True|False|True|['t']|1|2030-01-02");
    CHECK(refusal_of([&] { return t.render(messages, {.variables = json::array{}}); }).code == errc::json_type);
    CHECK(refusal_of([] { return chat_template("{{ x"); }).code == errc::tmpl_syntax);
    CHECK(chat_template("").render(messages).empty());
}

TEST_CASE("tools are accepted in both forms and given in one") {
    const json function = json::parse(R"({"name": "f", "description": "d", "parameters": {"type": "object"}})");
    const json wrapped = json_object{{"type", "function"}, {"function", function}};
    const std::vector<message> messages{{role::user, "hi"}};
    const chat_template reads_function("{% for t in tools %}{{ t.function.name }}{{ t.type }};{% endfor %}");
    const chat_template reads_xml("{% for t in xml_tools %}{{ t.name }};{% endfor %}");
    const chat_template reads_both(
        "{% for t in tools or xml_tools %}{{ t.name }};{% endfor %}{{ python_tools[0].name }}");
    for (const json& tools : {json{json::array{function, wrapped}}, json{json::array{wrapped, function}}}) {
        CHECK(reads_function.render(messages, {.tools = tools}) == "ffunction;ffunction;");
        CHECK(reads_xml.render(messages, {.tools = tools}) == "f;f;");
        CHECK(reads_both.render(messages, {.tools = tools, .python_tools = tools}) == "f;f;f");
    }
}

TEST_CASE("a round of tools with every real template") {
    const auto dir = shared("templates");
    if (dir.empty()) return;
    const json tools = json::parse(R"([{"name": "weather", "description": "Weather of a city", "parameters":
        {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}])");
    for (const auto* name : {"mistral-nemo", "llama-3.2", "qwen2.5", "qwen3", "granite-3.3", "smollm3"}) {
        CAPTURE(name);
        const chat_template t(read_file(dir / (std::string{name} + ".jinja")), "<s>", "</s>");
        REQUIRE_FALSE((t.format().tool_calls.empty() && !t.format().bare_calls));
        const std::string call = R"({"name": "weather", "arguments": {"city": "Oslo"}})";
        reply_parser parser{t.format()};
        if (t.format().bare_calls) {
            parser.push(call);
        } else {
            const auto& form = t.format().tool_calls.front();
            parser.push(form.close.empty() ? form.open + "[" + call + "]" : form.open + call + form.close);
        }
        parser.finish();
        REQUIRE(parser.reply().tool_calls.size() == 1);
        const auto& id = parser.reply().tool_calls[0].id;
        const std::string prompt = t.render(
            std::vector<message>{{role::user, "Weather in Oslo?"},
                                 parser.reply(),
                                 {.role = role::tool, .content = "rain", .name = "weather", .tool_call_id = id}},
            {.tools = tools});
        CHECK(prompt.find("Weather of a city") != std::string::npos);
        CHECK(prompt.find("Oslo") != std::string::npos);
        CHECK(prompt.find("rain") != std::string::npos);
    }
}

TEST_CASE("the published cases, all of them") {
    const auto cases = shared("templates/cases.jsonl");
    if (cases.empty()) return;
    std::map<std::string, chat_template> templates;
    std::ifstream in(cases);
    std::size_t n = 0;
    for (std::string line; std::getline(in, line); ++n) {
        const json c = json::parse(line);
        const std::string& name = c.find("template")->as_string();
        if (!templates.contains(name)) templates.emplace(name, read_file(cases.parent_path() / name));
        const calendar_time date = read_date(c.find("date")->as_string());
        std::string got = "an error";
        try {
            got = templates.at(name).render(*c.find("input"), date);
        } catch (const error&) {
        }
        const json* expected = c.find("expected");
        INFO(name << " " << c.find("input")->dump());
        CHECK(got == (expected ? expected->as_string() : "an error"));
    }
    CHECK(n == 1616);
}

TEST_CASE("a model that is told no date is told no wrong one") {
    const auto cases = shared("templates/cases.jsonl");
    if (cases.empty()) return;
    const std::pair<const char*, const char*> shown[] = {
        {"smollm3.jinja", "Today Date: \n"},
        {"granite-3.3.jinja", "Today's Date: . You are"},
        {"llama-3.2.jinja", "Today Date: 26 Jul 2024\n"},  // what its template has for this
    };
    const std::vector<message> messages{{role::user, "Hi"}};
    std::size_t n_without = 0;
    for (const auto& entry : std::filesystem::directory_iterator(cases.parent_path())) {
        if (entry.path().extension() != ".jinja") continue;
        INFO(entry.path().filename());
        const chat_template t{read_file(entry.path()), "<s>", "</s>"};
        const std::string undated = t.render(messages), dated = t.render(messages, {.date = {2031, 4, 5}});
        CHECK(undated.find("2025-") == std::string::npos);
        CHECK(undated.find("2031") == std::string::npos);
        const auto* const row = std::find_if(std::begin(shown), std::end(shown),
                                             [&](const auto& r) { return entry.path().filename() == r.first; });
        if (row == std::end(shown)) {
            CHECK(undated == dated);
            ++n_without;
        } else {
            CHECK(undated.find(row->second) != std::string::npos);
            CHECK(dated.find("2031") != std::string::npos);
        }
    }
    CHECK(n_without == 5);
}

TEST_CASE("SmolLM3's template") {
    const auto path = shared("templates/smollm3.jinja");
    if (path.empty()) return;
    const chat_template t(read_file(path));
    const auto head = [](std::string_view mode) {
        return "<|im_start|>system\n## Metadata\n\nKnowledge Cutoff Date: June 2025\nToday Date: 08 July "
               "2025\nReasoning Mode: " +
               std::string(mode) + "\n\n## Custom Instructions\n\n";
    };
    const std::string plain = "You are a helpful AI assistant named SmolLM, trained by Hugging Face.";
    const chat_template_options today{.date = {2025, 7, 8}};

    SECTION("thinking, no system message") {
        const std::string text =
            t.render(std::vector<message>{{role::user, "What is the weather in Paris today?"}}, today);
        CHECK(text.size() == 1387);
        CHECK(text.starts_with(head("/think") + plain + " Your role"));
        CHECK(text.ends_with(
            "conclusion.\n\n<|im_start|>user\nWhat is the weather in Paris today?<|im_end|>\n<|im_start|>assistant\n"));
    }
    SECTION("not thinking") {
        CHECK(t.render(std::vector<message>{{role::system, "/no_think"},
                                            {role::user, "Give me a brief explanation of gravity in simple terms."}},
                       today) ==
              head("/no_think") + plain +
                  "\n\n<|im_start|>user\nGive me a brief explanation of gravity in simple terms.<|im_end|>\n"
                  "<|im_start|>assistant\n<think>\n\n</think>\n");
    }
    SECTION("past thoughts") {
        CHECK(t.render(std::vector<message>{{role::system, "Speak like a pirate./think"},
                                            {role::user, "Hi"},
                                            {role::assistant, "\n<think>\nGreeting.\n</think>\nAhoy!"},
                                            {role::user, "Bye"}},
                       today) ==
              head("/think") +
                  "Speak like a pirate.\n\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\nGreeting.\n"
                  "</think>\nAhoy!<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n");
    }
    SECTION("tools, shown as Python shows them") {
        const json tool = json::parse(
            R"({"name": "get_weather", "description": "Get the weather in a city", "parameters": {"type": "object",
            "properties": {"city": {"type": "string", "description": "The city to get the weather for"}}}})");
        chat_template_options options = today;
        options.enable_thinking = false;
        options.variables["xml_tools"] = json::array{tool};
        const std::string text = t.render(
            std::vector<message>{
                {role::user, "Hello! How is the weather today in Copenhagen?"},
                {role::assistant,
                 "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Copenhagen\"}}\n</tool_call>"},
                {role::tool, "{\"temp_c\": 21}"}},
            options);
        CHECK(text.size() == 1086);
        CHECK(text.find("<tools>\n{'name': 'get_weather', 'description': 'Get the weather in a city', 'parameters': "
                        "{'type': 'object', "
                        "'properties': {'city': {'type': 'string', 'description': 'The city to get the weather "
                        "for'}}}}\n</tools>") != std::string::npos);
        CHECK(text.ends_with(
            "<|im_start|>user\n{\"temp_c\": 21}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n"));

        // The same from the options and messages that any other model takes.
        const std::vector<message> messages{
            {role::user, "Hello! How is the weather today in Copenhagen?"},
            {.role = role::assistant,
             .content = "",
             .tool_calls = {{"c1", "get_weather", json::object{{"city", "Copenhagen"}}}}},
            {.role = role::tool, .content = "{\"temp_c\": 21}", .name = "get_weather", .tool_call_id = "c1"}};
        CHECK(t.render(messages, {.enable_thinking = false, .tools = json::array{tool}, .date = today.date}) == text);

        const std::string code =
            t.render(std::vector<message>{{role::user, "Go."},
                                          {.role = role::assistant,
                                           .content = "I run it.",
                                           .tool_calls = {{"", "python", json::object{{"code", "print(1)"}}}}},
                                          {role::tool, "1"}},
                     {.enable_thinking = false, .python_tools = json::array{tool}});
        CHECK(code.find("stateful Jupyter notebook") != std::string::npos);
        CHECK(code.find("<tools>\n{'name': 'get_weather'") != std::string::npos);
        CHECK(code.find("</think>\nI run it.\n<code>\nprint(1)\n</code><|im_end|>\n") != std::string::npos);
    }
    SECTION("the system text alone") {
        CHECK(t.render(std::vector<message>{{role::system, "You are terse. /system_override /no_think"},
                                            {role::user, "Hi"}}) ==
              "<|im_start|>system\nYou are "
              "terse.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n");
    }
    SECTION("no messages") {
        CHECK(refusal_of([&] { return t.render(std::vector<message>{}); }).code == errc::tmpl_type_error);
    }
}

TEST_CASE("reasoning of past turns is kept or dropped as told") {
    const std::vector<message> messages{{role::user, "a"},
                                        {.role = role::assistant, .content = "A", .reasoning = "thought one"},
                                        {role::user, "b"},
                                        {.role = role::assistant, .content = "\U000f0000B", .reasoning = "thought two"},
                                        {role::user, "c"}};
    const auto turns = [&](const chat_template& t, std::optional<bool> keep, std::optional<bool> thinking = {}) {
        return t.render(messages, {.enable_thinking = thinking, .keep_reasoning = keep});
    };
    SECTION("a template that does not know of reasoning") {
        const chat_template t("{% for m in messages %}[{{ m.role[0] }}:{{ m.content | trim }}]{% endfor %}</think>");
        CHECK(turns(t, {}) == "[u:a][a:A][u:b][a:\U000f0000B][u:c]</think>");
        CHECK(turns(t, false) == turns(t, {}));
        CHECK(turns(t, true) == "[u:a][a:<think>\nthought one\n</think>\nA][u:b]"
                                "[a:<think>\nthought two\n</think>\n\U000f0000B][u:c]</think>");
    }
    SECTION("private-use characters of others are no marks") {
        const chat_template t("{% for m in messages %}{{ m.content }}{{ m.name }}|{% endfor %}</think>");
        std::vector<message> with_name = messages;
        with_name.push_back({.role = role::tool, .content = "\U000f0001", .name = "\U000f0002"});
        CHECK(t.render(with_name, {.keep_reasoning = true}) ==
              "a|<think>\nthought one\n</think>\nA|b|<think>\nthought two\n</think>\n\U000f0000B|c|"
              "\U000f0001\U000f0002|</think>");
    }
    SECTION("one that shows all of it") {
        const chat_template t("{% for m in messages %}{{ '<think>\\n' + m.reasoning_content + '\\n</think>\\n\\n' if "
                              "m.reasoning_content }}"
                              "{{ m.content }}|{% endfor %}");
        CHECK(turns(t, {}) == turns(t, true));
        CHECK(turns(t, true) ==
              "a|<think>\nthought one\n</think>\n\nA|b|<think>\nthought two\n</think>\n\n\U000f0000B|c|");
        CHECK(turns(t, false) == "a|A|b|\U000f0000B|c|");
    }
    SECTION("one that knows no tags") {
        const chat_template t("{% for m in messages %}{{ m.content }}{% endfor %}");
        CHECK(turns(t, true) == "aAb\U000f0000Bc");
    }
    SECTION("SmolLM3, which shows none") {
        const auto path = shared("templates/smollm3.jinja");
        if (path.empty()) return;
        const chat_template t(read_file(path));
        CHECK(turns(t, {}).find("thought") == std::string::npos);
        CHECK(turns(t, true).find("assistant\n<think>\nthought one\n</think>\nA<|im_end|>") != std::string::npos);
        // In a prompt without thinking, it takes the place of the empty thinking.
        CHECK(turns(t, true, false).find("assistant\n<think>\nthought one\n</think>\nA<|im_end|>") !=
              std::string::npos);
        CHECK(turns(t, false, false).find("assistant\n<think>\n\n</think>\nA<|im_end|>") != std::string::npos);
    }
    SECTION("Qwen3, which drops it with the next question") {
        const auto path = shared("templates/qwen3.jinja");
        if (path.empty()) return;
        const chat_template t(read_file(path));
        CHECK(turns(t, {}).find("thought") == std::string::npos);
        CHECK(turns(t, true).find("assistant\n<think>\nthought one\n</think>\n\nA<|im_end|>") != std::string::npos);
        std::vector<message> calling(messages.begin(), messages.begin() + 1);
        calling.push_back({.role = role::assistant,
                           .content = "see",
                           .reasoning = "I call",
                           .tool_calls = {{"", "now", json::object{}}}});
        calling.push_back({role::tool, "9:00"});
        CHECK(t.render(calling).find("assistant\n<think>\nI call\n</think>\n\nsee\n<tool_call>") != std::string::npos);
        CHECK(t.render(calling, {.keep_reasoning = true}) == t.render(calling));
        CHECK(t.render(calling, {.keep_reasoning = false}).find("I call") == std::string::npos);
    }
}

TEST_CASE("a template that reads \"thinking\" gets the reasoning under that name") {
    // As gpt-oss's shows a call, and an answer.
    const chat_template t("{% for message in messages %}"
                          "{% if message.tool_calls %}"
                          "{% if message.content and message.thinking %}{{ raise_exception('both') }}{% endif %}"
                          "<|channel|>analysis<|message|>{{ message.content or message.thinking }}<|end|>[{{ "
                          "message.tool_calls[0].function.name }}]"
                          "{% else %}<|channel|>final<|message|>{{ message.content }}<|end|>{% endif %}{% endfor %}");
    const auto render = [&](std::string content, std::optional<bool> keep) {
        return t.render(std::vector<message>{{.role = role::assistant,
                                              .content = std::move(content),
                                              .reasoning = "I look",
                                              .tool_calls = {{"", "now", json::object{}}}},
                                             {.role = role::assistant, .content = "9:00", .reasoning = "I see"}},
                        {.keep_reasoning = keep});
    };
    const std::string head = "<|channel|>analysis<|message|>",
                      rest = "<|end|>[now]<|channel|>final<|message|>9:00<|end|>";
    CHECK(render("", {}) == head + "I look" + rest);
    CHECK(render("", true) == head + "I look" + rest);
    CHECK(render("", false) == head + rest);
    CHECK(render("Just a moment", {}) == head + "Just a moment" + rest);
    CHECK(render("Just a moment", true) == head + "Just a moment" + rest);
}

TEST_CASE("the bundled model's template gives the expected prompts") {
    const auto model = nibble::test::models_dir() / "nibble-tiny.gguf";
    const auto expected = nibble::test::data_dir() / "nibble-tiny-Q4_K_M.expected.jsonl";
    REQUIRE(std::filesystem::exists(model));
    REQUIRE(std::filesystem::exists(expected));
    const auto file = gguf::file::open(model);
    const auto* source = file.find("tokenizer.chat_template");
    REQUIRE(source);
    const chat_template t(*source->as_string());
    static constexpr std::string_view months[] = {"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};
    std::ifstream in(expected);
    std::size_t n = 0;
    for (std::string line; std::getline(in, line); ++n) {
        const json c = json::parse(line);
        json variables = *c.find("options");
        variables["messages"] = *c.find("messages");
        const std::string& day = c.find("date")->as_string();  // "10 March 2028"
        calendar_time date{std::stoi(day.substr(day.size() - 4)), 0, std::stoi(day.substr(0, 2)), 0, 0, 0};
        for (int i = 0; i < 12; ++i)
            if (day.substr(3, day.size() - 8) == months[i]) date.month = i + 1;
        CHECK(t.render(variables, date) == c.find("prompt")->as_string());
    }
    CHECK(n > 10);
}

TEST_CASE("threads render one template at once") {
    const chat_template t(
        "{% for m in messages %}{{ loop.index }}{{ m.role }}{{ m.content | upper }}{% endfor %}{{ 'lit' ~ 'eral' }}");
    const std::vector<message> messages{{role::user, "a"}, {role::assistant, "b"}};
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int turn = 0; turn < 200; ++turn) right += t.render(messages) == "1userA2assistantBliteral";
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(right == 800);
}
