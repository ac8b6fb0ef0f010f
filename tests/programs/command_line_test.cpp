// SPDX-License-Identifier: Apache-2.0
// The command lines of the example programs: help, and what they say to options that make no sense.
#include <string>
#include <vector>

#include "support/program.hpp"
#include "test.hpp"

using namespace nibble::test;

namespace {

/// Of all programs that load a model.
const std::vector<std::string> load_options = {
    "--chat-template",  "--chat-template-file", "--pre",        "--end-text",      "--reply-format",
    "--rope-freq-base", "--rope-scaling",       "--rope-scale", "--yarn-orig-ctx", "--yarn-attn-factor",
    "--yarn-beta-fast", "--yarn-beta-slow",     "--no-mmap"};

std::vector<std::string> with(std::vector<std::string> list, const std::vector<std::string>& more) {
    list.insert(list.end(), more.begin(), more.end());
    return list;
}

struct command {
    std::string name;
    std::vector<std::string> required, options;
    bool takes_texts = false;  // as arguments of their own
};

const std::vector<command> commands = {
    {"ask", {tiny_path(), "Hello!"}, with(load_options, {"--model", "question"})},
    {"chat",
     {"--model", tiny_path()},
     with(load_options, {"--model",
                         "--prompt",
                         "--file",
                         "--system",
                         "--threads",
                         "--context",
                         "--temp",
                         "--top-k",
                         "--top-p",
                         "--min-p",
                         "--seed",
                         "--predict",
                         "--think",
                         "--thinking-budget",
                         "--stop",
                         "--grammar",
                         "--grammar-file",
                         "--json-schema",
                         "--json-schema-file",
                         "--draft-lookup",
                         "--model-draft",
                         "--draft-max",
                         "--no-history",
                         "--ctx-size",
                         "--repeat-penalty",
                         "--repeat-last-n",
                         "/regen",
                         "/undo",
                         "/save",
                         "/load",
                         "/system",
                         "/set",
                         "/think",
                         "/tokens",
                         "/stats",
                         "/exit"})},
    {"inspect", {tiny_path()}, with(load_options, {"--model", "--json", "--check", "--context", "--threads"})},
    {"logits",
     {"--model", tiny_path(), "--tokens", null_device, "--out", null_device},
     with(load_options, {"--model", "--tokens", "--out", "--threads", "--chunk"})},
    {"tokenize", {"--model", tiny_path()}, {"--model", "--special", "--bos", "--pre", "--jsonl"}},
    {"render",
     {"--model", tiny_path(), "--jsonl"},
     {"--model", "--template", "--templates", "--chat-template", "--chat-template-file", "--jsonl"}},
    {"perplexity",
     {"--model", tiny_path(), "--file", null_device},
     with(load_options, {"--model", "--file", "--chunk", "--chunks", "--logits-out", "--logits-base", "--threads"})},
    {"tools", {"--model", tiny_path()}, with(load_options, {"--model", "--threads", "--context", "questions"}), true},
#ifdef NIBBLE_TEST_BENCH
    {"bench-model",
     {"--model", tiny_path()},
     with(load_options, {"--model", "--n-prompt", "--n-gen", "--n-depth", "--threads", "--isa"})},
#endif
};

}  // namespace

TEST_CASE("--help lists the options on standard output") {
    if (!programs_are_built()) return;
    for (const auto& [name, required, options, takes_texts] : commands) {
        INFO("program: " << name);
        for (const std::string help : {"--help", "-h"}) {
            const auto result = run_program(name, {help});
            CHECK(result.exit_code == 0);
            CHECK(result.err == "");
            CHECK(contains(result.out, "Exit code: 0"));
            for (const auto& option : options) {
                INFO("option: " << option);
                CHECK(contains(result.out, option));
            }
        }
    }
}

TEST_CASE("options that make no sense are refused") {
    if (!programs_are_built()) return;
    for (const auto& [name, required, options, takes_texts] : commands) {
        INFO("program: " << name);
        check_refused(run_program(name, with(required, {"--no-such-option"})), {"--no-such-option"});
        if (!takes_texts) check_refused(run_program(name, with(required, {"no such argument"})), {"no such argument"});
        check_refused(run_program(name, {}), {"required"});
        check_refused(run_program(name, {"--model"}), {"--model"});
        for (const auto& option : options)
            if (option == "--threads" || option == "--chunk" || option == "--context")
                for (const std::string value : {"many", "-1", "99999999999999999999"})
                    check_refused(run_program(name, with(required, {option, value})), {option, value});
    }
}

TEST_CASE("a question of nothing is refused before the model is opened") {
    if (!programs_are_built()) return;
    check_refused(run_program("tools", {"--model", "no such model", ""}), {"questions", "got none"});
    check_refused(run_program("ask", {"no such model", ""}), {"question", "got none"});
    check_refused(run_program("chat", {"--model", "no such model", "--prompt", ""}), {"--prompt", "got none"});
}
