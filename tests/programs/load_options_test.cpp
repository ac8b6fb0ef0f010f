// SPDX-License-Identifier: Apache-2.0
// What a user can choose about a model beside its file, and what programs say about it.
#include <string>
#include <string_view>
#include <vector>

#include <nibble/json/json.hpp>

#include "support/chat.hpp"
#include "support/program.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble::test;

namespace {

using texts = std::vector<std::string>;

/// The bundled model with another name in place of a key, so that the file does not say it.
std::string without_key(const temp_dir& dir, std::string key) {
    auto file = contents_of(tiny_path());
    const auto at = file.find(key);
    REQUIRE(at != std::string::npos);
    file[at + key.size() - 1] = '_';
    const auto path = dir / (key + ".gguf");
    write_file(path, file);
    return path.string();
}

/// Calls that need a model, with these options too.
std::vector<std::pair<std::string, texts>> runs(const std::string& model, const temp_dir& dir, const texts& more) {
    write_file(dir / "ids", "1,2,3");
    write_file(dir / "text", "Once upon a time there was a lion.");
    std::vector<std::pair<std::string, texts>> out = {
        {"ask", {model, "Hello!"}},
        {"chat", {"--model", model, "--prompt", "Hello!", "-n", "1"}},
        {"inspect", {model, "--check"}},
        {"logits", {"--model", model, "--tokens", (dir / "ids").string(), "--out", (dir / "out.npy").string()}},
        {"perplexity", {"--model", model, "--file", (dir / "text").string()}},
        {"tools", {"--model", model, "What is 2 + 2?"}},
#ifdef NIBBLE_TEST_BENCH
        {"bench-model", {"--model", model, "-p", "4", "-n", "1", "-r", "1"}},
#endif
    };
    for (auto& [name, arguments] : out) arguments.insert(arguments.end(), more.begin(), more.end());
    return out;
}

/// The value of a field of the model's configuration and where it comes from, as `inspect` shows it.
std::string field(const texts& options, std::string_view name) {
    auto arguments = options;
    arguments.insert(arguments.end(), {tiny_path(), "--json"});
    const auto result = run_program("inspect", arguments);
    INFO("standard error: " << result.err);
    REQUIRE(result.exit_code == 0);
    const auto report = nibble::json::parse(result.out);
    for (const auto& row : report.find("config")->as_array())
        if (row.find("field")->as_string() == name)
            return row.find("value")->as_string() + " from " + row.find("from")->as_string();
    return "none";
}

std::string logits(const temp_dir& dir, const texts& options) {
    write_file(dir / "ids", "1,2,3,4,5,6,7,8");
    texts arguments{"--model", tiny_path(), "--tokens", (dir / "ids").string(), "--out", (dir / "out.npy").string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const auto result = run_program("logits", arguments);
    INFO("standard error: " << result.err);
    REQUIRE(result.exit_code == 0);
    return contents_of(dir / "out.npy");
}

}  // namespace

TEST_CASE("what a file does not say is guessed with a warning, or said by an option, in every program") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const struct {
        std::string key, option, value;
    } cases[] = {{"tokenizer.ggml.pre", "--pre", "smollm"}, {"tokenizer.chat_template", "--chat-template", "chatml"}};
    for (const auto& [key, option, value] : cases) {
        const auto model = without_key(dir, key);
        for (const auto& [name, arguments] : runs(model, dir, {})) {
            INFO("program: " << name << ", without " << key);
            const auto result = run_program(name, arguments);
            CHECK(result.exit_code == 0);
            CHECK(contains(result.err, "warning: no " + key));
            CHECK(contains(result.err, option));
        }
        for (const auto& [name, arguments] : runs(model, dir, {option, value})) {
            INFO("program: " << name << ", with " << option);
            const auto result = run_program(name, arguments);
            CHECK(result.exit_code == 0);
            CHECK_FALSE(contains(result.err, "warning: "));
        }
    }
    check_refused(run_program("ask", {tiny_path(), "Hello!", "--pre", "no-such-tag"}), {"no-such-tag"});
}

TEST_CASE("a chat template in place of the file's") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const std::string file = (dir / "template").string();
    write_file(file, "{{ messages[0].content }}");
    const auto prompt_tokens = [](const texts& options) {
        texts arguments{"-n", "1", "--prompt", "a b"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const auto result = chat(arguments);
        CHECK(result.exit_code == 0);
        return number_after(result.err, "prompt: ");
    };
    CHECK(prompt_tokens({"--chat-template", "{{ messages[0].content }}"}) < prompt_tokens({}));
    CHECK(prompt_tokens({"--chat-template-file", file}) < prompt_tokens({}));
    const std::string line = R"({"input": {"messages": [{"role": "user", "content": "a"}]}})"
                             "\n";
    const texts render{"--model", tiny_path(), "--jsonl"};
    const auto rendered = [&](const texts& options) {
        auto arguments = render;
        arguments.insert(arguments.end(), options.begin(), options.end());
        return run_program("render", arguments, line).out;
    };
    CHECK(rendered({"--chat-template", "chatml"}) == "{\"text\":\"<|im_start|>user\\na<|im_end|>\\n\"}\n");
    CHECK(rendered({"--chat-template-file", file}) == "{\"text\":\"a\"}\n");

    for (const std::string name : {"vicuna", "chatml2"})
        check_refused(chat({"--chat-template", name, "--prompt", "a"}), {name, "chatml", "llama3", "gemma", "mistral"});
    write_file(file, "");
    check_refused(chat({"--chat-template-file", file, "--prompt", "a"}), {"a Jinja template", "''"});
    check_refused(chat({"--chat-template-file", file, "--chat-template", "chatml"}), {"--chat-template"});
}

TEST_CASE("rotation and context in place of the file's") {
    if (!programs_are_built()) return;
    CHECK(field({"--rope-freq-base", "20000"}, "rope_freq_base") == "20000 from option rope_freq_base");
    CHECK(field({"--rope-scaling", "yarn", "--rope-scale", "4"}, "rope_scaling.type") == "yarn from option rope");
    CHECK(field({"--rope-scaling", "yarn", "--rope-scale", "4"}, "rope_scaling.factor") == "4 from option rope");
    CHECK(field({"--rope-scale", "2"}, "rope_scaling.type") == "linear from option rope");
    CHECK(field({"--rope-scale", "2", "-c", "8192"}, "n_ctx_train") == "8192 from option context");
    CHECK(field({"--rope-scale", "2", "-c", "64"}, "n_ctx_train") == field({}, "n_ctx_train"));
    CHECK(field({"-c", "8192"}, "n_ctx_train") == field({}, "n_ctx_train"));

    const temp_dir dir;
    const auto stated = logits(dir, {});
    CHECK(logits(dir, {"--rope-scaling", "none"}) == stated);
    const auto halved = logits(dir, {"--rope-scale", "2"}), based = logits(dir, {"--rope-freq-base", "20000"});
    CHECK(halved != stated);
    CHECK(based != stated);
    CHECK(logits(dir, {"--rope-scaling", "linear", "--rope-scale", "2"}) == halved);
    const texts yarn{"--rope-scaling", "yarn", "--rope-scale", "4"};
    for (const texts& more : {texts{"--yarn-orig-ctx", "256"},
                              {"--yarn-attn-factor", "1.5"},
                              {"--yarn-beta-fast", "16"},
                              {"--yarn-beta-slow", "2"}}) {
        INFO("option: " << more[0]);
        auto both = yarn;
        both.insert(both.end(), more.begin(), more.end());
        CHECK(logits(dir, both) != logits(dir, yarn));
    }
    const texts senseless[] = {{"--rope-scaling", "cubic"},
                               {"--rope-scale", "0"},
                               {"--rope-scale", "two"},
                               {"--rope-freq-base", "nan"},
                               {"--rope-scaling", "none", "--rope-scale", "2"},
                               {"--rope-scaling", "linear", "--yarn-orig-ctx", "256"},
                               {"--yarn-beta-fast", "16"}};
    for (const texts& options : senseless) {
        INFO("options: " << options[0] << ' ' << options[1]);
        texts arguments{tiny_path(), "Hello!"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        check_refused(run_program("ask", arguments), {});
    }
}

TEST_CASE("ends and marks of replies in place of the known ones") {
    if (!programs_are_built()) return;
    const std::string question = "What is the capital of Austria?";
    CHECK(chat({"--prompt", question, "--end-text", "."}).out == "The capital of Austria is Vienna\n");
    const temp_dir dir;
    const std::string saved = (dir / "saved").string();
    const auto content = [&](const std::string& format) {
        const auto result = chat_as_told({"--temp", "0", "--think", "on", "--reply-format", format},
                                         "Capital of Germany?\n/save " + saved + "\n");
        CHECK(result.exit_code == 0);
        return nibble::json::parse(contents_of(saved)).as_array().at(1).find("content")->as_string();
    };
    CHECK(content("auto") == "The capital of Germany is Berlin.");
    CHECK(content("any") == "The capital of Germany is Berlin.");
    CHECK(contains(content("none"), "<think>"));
    check_refused(chat({"--reply-format", "other", "--prompt", question}), {"--reply-format", "other"});
}

TEST_CASE("programs say where a context or threads are less than asked for") {
    if (!programs_are_built()) return;
    const auto result = chat({"-c", "1000000", "-t", "4000", "--prompt", "Hello!"});
    CHECK(result.exit_code == 0);
    CHECK(contains(result.err, "note: the context is 2048 tokens, not 1000000"));
    CHECK(contains(result.err, "not 4000"));
    CHECK_FALSE(contains(chat({"-t", "1", "-c", "64", "--prompt", "Hello!"}).err, "note: "));
    const auto stretched = chat({"-c", "4096", "--rope-scale", "2", "--prompt", "Hello!"});
    CHECK(stretched.exit_code == 0);
    CHECK_FALSE(contains(stretched.err, "note: "));
#ifdef NIBBLE_TEST_BENCH
    const texts deep{"--model", tiny_path(), "-p", "4", "-n", "0", "-d", "3000", "-r", "1"};
    check_refused(run_program("bench-model", deep), {"-d", "2048", "3005"});
    auto deep_and_stretched = deep;
    deep_and_stretched.insert(deep_and_stretched.end(), {"--rope-scale", "2"});
    CHECK(run_program("bench-model", deep_and_stretched).exit_code == 0);
#endif
    const temp_dir dir;
    write_file(dir / "text", "Once upon a time there was a lion.");
    const auto measured = run_program(
        "perplexity", {"--model", tiny_path(), "--file", (dir / "text").string(), "--chunk", "1000000", "-t", "4000"});
    CHECK(measured.exit_code == 0);
    CHECK(contains(measured.err, "note: the context is 2048 tokens, not 1000000"));
    CHECK(contains(measured.err, "not 4000"));
}
