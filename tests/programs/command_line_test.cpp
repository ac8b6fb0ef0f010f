// SPDX-License-Identifier: Apache-2.0
// The command lines of the example programs: help, and what they say to options that make no sense.
#include <string>
#include <vector>

#include "support/program.hpp"
#include "test.hpp"

using namespace nibble::test;

namespace {

struct command {
    std::string name;
    std::vector<std::string> required, options;
};

const std::vector<command> commands = {
    {"chat",
     {"--model", tiny_path()},
     {"--model", "--prompt", "--system", "--threads", "--context", "--temp", "--top-k", "--top-p", "--min-p", "--seed",
      "--predict", "--think"}},
    {"inspect", {tiny_path()}, {"--model", "--json", "--check", "--context", "--threads"}},
    {"logits",
     {"--model", tiny_path(), "--tokens", "/dev/null", "--out", "/dev/null"},
     {"--model", "--tokens", "--out", "--threads", "--chunk"}},
    {"tokenize", {"--model", tiny_path()}, {"--model", "--special", "--jsonl"}},
    {"render", {"--model", tiny_path(), "--jsonl"}, {"--model", "--template", "--jsonl"}},
    {"perplexity",
     {"--model", tiny_path(), "--file", "/dev/null"},
     {"--model", "--file", "--chunk", "--logits-out", "--logits-base"}},
};

std::vector<std::string> with(std::vector<std::string> list, const std::vector<std::string>& more) {
    list.insert(list.end(), more.begin(), more.end());
    return list;
}

}  // namespace

TEST_CASE("--help lists the options on standard output") {
    if (!programs_are_built()) return;
    for (const auto& [name, required, options] : commands) {
        INFO("program: " << name);
        for (const std::string help : {"--help", "-h"}) {
            const auto result = run_program(name, {help});
            CHECK(result.exit_code == 0);
            CHECK(result.err == "");
            CHECK(result.out.size() > 100);
            for (const auto& option : options) {
                INFO("option: " << option);
                CHECK(contains(result.out, option));
            }
        }
    }
}

TEST_CASE("options that make no sense are refused") {
    if (!programs_are_built()) return;
    for (const auto& [name, required, options] : commands) {
        INFO("program: " << name);
        check_refused(run_program(name, with(required, {"--no-such-option"})), {"--no-such-option"});
        check_refused(run_program(name, with(required, {"no such argument"})), {"no such argument"});
        check_refused(run_program(name, {}), {"required"});
        check_refused(run_program(name, {"--model"}), {"--model"});
        for (const auto& option : options)
            if (option == "--threads" || option == "--chunk" || option == "--context")
                check_refused(run_program(name, with(required, {option, "many"})), {option, "many"});
    }
}

TEST_CASE("programs without options say how they are called") {
    if (!programs_are_built()) return;
    check_refused(run_program("ask", {}), {"ask MODEL.gguf QUESTION"});
    check_refused(run_program("ask", {tiny_path()}), {"ask MODEL.gguf QUESTION"});
    check_refused(run_program("ask", {tiny_path(), ""}), {"ask MODEL.gguf QUESTION"});
    check_refused(run_program("ask", {tiny_path(), "What", "is", "it?"}), {"ask MODEL.gguf QUESTION"});
    check_refused(run_program("tools", {}), {"tools MODEL.gguf [QUESTION]..."});
    const auto help = run_program("tools", {"--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.err == "");
    CHECK(contains(help.out, "tools MODEL.gguf [QUESTION]..."));
}
