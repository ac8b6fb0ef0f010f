// SPDX-License-Identifier: Apache-2.0
// The programs for text: tokenize and render, against the recorded prompts of the bundled model.
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/core/token.hpp>
#include <nibble/json/json.hpp>

#include "support/program.hpp"
#include "test.hpp"

using nibble::json;
using namespace nibble::test;

namespace {

/// The first recorded conversations.
std::vector<json> recorded() {
    std::vector<json> all;
    std::ifstream in(data_dir() / "nibble-tiny-Q4_K_M.expected.jsonl");
    for (std::string line; all.size() < 12 && std::getline(in, line);) all.push_back(json::parse(line));
    REQUIRE(all.size() == 12);
    return all;
}

const json& at(const json& object, std::string_view key) {
    const json* found = object.find(key);
    if (!found) throw std::runtime_error("no " + std::string{key});
    return *found;
}

std::vector<nibble::token> ids_of(const json& list) {
    std::vector<nibble::token> ids;
    for (const auto& id : list.as_array()) ids.push_back(static_cast<nibble::token>(id.as_integer()));
    return ids;
}

std::vector<nibble::token> ids_of(const std::string& printed) {
    std::istringstream words(printed);
    std::vector<nibble::token> ids;
    for (nibble::token id = 0; words >> id;) ids.push_back(id);
    return ids;
}

/// Runs a program line by line; as many lines come back, all of them JSON.
std::vector<json> answers(const std::string& program, const std::vector<std::string>& arguments,
                          const std::vector<std::string>& lines) {
    std::string input;
    for (const auto& line : lines) input += line + '\n';
    const auto result = run_program(program, arguments, input);
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
    std::vector<json> out;
    for (const auto& line : lines_of(result.out)) out.push_back(json::parse(line));
    REQUIRE(out.size() == lines.size());
    return out;
}

const std::string turn = R"("messages": [{"role": "user", "content": "Hello!"}], "add_generation_prompt": true)";

}  // namespace

TEST_CASE("tokenize gives the recorded ids") {
    if (!programs_are_built()) return;
    for (const auto& c : recorded()) {
        const auto result = run_program("tokenize", {"--model", tiny_path(), "--special"}, at(c, "prompt").as_string());
        CHECK(result.exit_code == 0);
        CHECK(result.err == "");
        CHECK(ids_of(result.out) == ids_of(at(c, "prompt_ids")));
        CHECK(lines_of(result.out).size() == 1);
    }
}

TEST_CASE("tokenize recognises special tokens only when told to") {
    if (!programs_are_built()) return;
    const auto plain = run_program("tokenize", {"--model", tiny_path()}, "<|im_end|>");
    CHECK(ids_of(plain.out).size() > 4);
    CHECK(run_program("tokenize", {"--model", tiny_path(), "--special"}, "<|im_end|>").out == "2041\n");
    CHECK(run_program("tokenize", {"--model", tiny_path()}).out == "\n");
}

TEST_CASE("tokenize answers lines of JSON one by one, errors included") {
    if (!programs_are_built()) return;
    std::vector<std::string> lines;
    const auto conversations = recorded();
    for (const auto& c : conversations) lines.push_back(json{json::object{{"text", at(c, "prompt")}}}.dump());
    const auto given = answers("tokenize", {"--model", tiny_path(), "--special", "--jsonl"}, lines);
    for (std::size_t i = 0; i < given.size(); ++i) CHECK(at(given[i], "ids") == at(conversations[i], "prompt_ids"));

    const auto mixed = answers("tokenize", {"--model", tiny_path(), "--jsonl"},
                               {"{\"text\": \"\"}", "not JSON", "{}", "{\"text\": 5}", "{\"text\": \"\xff\"}", "[]", "",
                                "{\"text\": \"a\\u0000b\"}"});
    CHECK(at(mixed[0], "ids").as_array().empty());
    for (const std::size_t wrong : {1u, 2u, 3u, 4u, 5u, 6u}) {
        INFO("line " << wrong);
        CHECK(at(mixed[wrong], "error").as_string() != "");
        CHECK_FALSE(mixed[wrong].find("ids"));
    }
    CHECK(at(mixed[7], "ids").as_array().size() >= 3);
}

TEST_CASE("tokenize needs a vocabulary and a pre-tokenizer that it knows") {
    if (!programs_are_built()) return;
    const auto without = (data_dir() / "smollm3-q4_0.gguf").string();
    check_refused(run_program("tokenize", {"--model", without}, "Hello!"), {"smollm3-q4_0.gguf", "tokenizer"});
    check_refused(run_program("tokenize", {"--model", tiny_path(), "--pre", "no-such"}, "Hello!"), {"no-such"});
    if (shared_dir().empty()) {
        WARN("SKIPPED: needs ../shared/vocab");
        return;
    }
    const auto only = (shared_dir() / "vocab/smollm3-vocab.gguf").string();
    CHECK(ids_of(run_program("tokenize", {"--model", only, "--special"}, "<|im_end|>").out) ==
          std::vector<nibble::token>{128012});
}

TEST_CASE("render gives the recorded prompts of the model's template") {
    if (!programs_are_built()) return;
    const auto conversations = recorded();
    std::vector<std::string> lines, expected;
    for (const auto& c : conversations) {
        json input = at(c, "options");
        input["messages"] = at(c, "messages");
        lines.push_back(json{json::object{{"input", input}, {"date", "2030-02-01T09:05:03"}}}.dump());
        auto text = at(c, "prompt").as_string();
        const auto date = at(c, "date").as_string();
        expected.push_back(text.replace(text.find(date), date.size(), "01 February 2030"));
    }
    const auto given = answers("render", {"--model", tiny_path(), "--jsonl"}, lines);
    for (std::size_t i = 0; i < given.size(); ++i) CHECK(at(given[i], "text").as_string() == expected[i]);
}

TEST_CASE("render reports errors line by line") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const auto path = (dir / "template.jinja").string();
    write_file(path, "{% if not messages %}{{ raise_exception('no messages') }}{% endif %}"
                     "{{ messages[0].content }} on {{ strftime_now('%d.%m.%Y %H:%M:%S') }}");
    const auto given = answers("render", {"--template", path, "--jsonl"},
                               {"{\"input\": {" + turn + "}, \"date\": \"2025-07-08T09:05:03\"}", "not JSON",
                                "{\"input\": {\"messages\": []}, \"date\": \"2025-07-08T09:05:03\"}",
                                "{\"input\": {" + turn + "}, \"date\": \"yesterday\"}", "{\"input\": 5}",
                                "{\"input\": {" + turn + "}, \"date\": \"2024-02-29T00:00:00\"}"});
    CHECK(at(given[0], "text").as_string() == "Hello! on 08.07.2025 09:05:03");
    CHECK(contains(at(given[2], "error").as_string(), "no messages"));
    for (const std::size_t wrong : {1u, 2u, 3u, 4u}) {
        INFO("line " << wrong);
        CHECK(at(given[wrong], "error").as_string() != "");
        CHECK_FALSE(given[wrong].find("text"));
    }
    CHECK(at(given[5], "text").as_string() == "Hello! on 29.02.2024 00:00:00");
}

TEST_CASE("render refuses templates that it cannot use") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const auto path = (dir / "template.jinja").string();
    const std::string input = "{\"input\": {" + turn + "}}\n";
    check_refused(run_program("render", {"--template", path, "--jsonl"}, input), {nibble::escaped(path)});
    write_file(path, "Hello\n{% if %}");
    check_refused(run_program("render", {"--template", path, "--jsonl"}, input), {nibble::escaped(path), "line 2"});
    check_refused(run_program("render", {"--jsonl"}, input), {"--template"});
    check_refused(run_program("render", {"--model", (data_dir() / "smollm3-q4_0.gguf").string(), "--jsonl"}, input),
                  {"smollm3-q4_0.gguf", "template"});
}
