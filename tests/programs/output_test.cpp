// SPDX-License-Identifier: Apache-2.0
// What programs do when their output cannot be written or their input not be read.
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "support/program.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble::test;

namespace {

std::size_t files_in(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder}, {}));
}

}  // namespace

TEST_CASE("a run that fails half-way leaves a file of logits as it was") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    std::filesystem::create_directory(dir / "out");
    const auto out = dir / "out/logits.npy";
    write_file(out, "what was there before");
    const auto logits = dir / "few";  // fewer than the text needs, found out while writing
    const std::vector<std::string> measure = {"--model", tiny_path(), "--file", (dir / "text").string(), "--chunk",
                                              "4",       "--chunks",  "2",      "--logits-out"};
    write_file(dir / "text", std::string(200, 'a') + " some words that are cut into tokens");
    auto first = measure;
    first.push_back(logits.string());
    REQUIRE(run_program("perplexity", first).exit_code == 0);
    std::filesystem::resize_file(logits, std::filesystem::file_size(logits) / 2);
    auto second = measure;
    second.insert(second.end(), {out.string(), "--logits-base", logits.string()});
    CHECK(run_program("perplexity", second).exit_code == 1);
    CHECK(contents_of(out) == "what was there before");
    CHECK(files_in(dir / "out") == 1);
}

#if !defined(_WIN32)  // which has no device that is full, no text in a directory and, for most users, no links

namespace {

/// Small jobs, one for every program that prints.
std::vector<std::pair<std::string, std::vector<std::string>>> jobs() {
    const auto text = (data_dir() / "README.md").string();
    return {{"ask", {tiny_path(), "Hello!"}},
            {"chat", {"--model", tiny_path(), "--prompt", "Hello!"}},
            {"inspect", {tiny_path()}},
            {"inspect", {tiny_path(), "--json"}},
            {"inspect", {tiny_path(), "--check"}},
            {"tokenize", {"--model", tiny_path()}},
            {"render", {"--model", tiny_path(), "--jsonl"}},
            {"tools", {"--model", tiny_path(), "What is 2 + 2?"}},
            {"perplexity", {"--model", tiny_path(), "--file", text, "--chunk", "16", "--chunks", "1"}}};
}

void check_ends_with_error(const program_result& result, const std::string& piece) {
    INFO("standard error: " << result.err);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.err, "error: "));
    CHECK(contains(result.err, piece));
}

}  // namespace

TEST_CASE("output to a full disk is an error of every program") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    write_file(dir / "input", "{}\n");
    for (auto [name, arguments] : jobs()) {
        INFO("program: " << name);
        check_ends_with_error(run_program_on(dir / "input", name, arguments, "/dev/full"), "standard output");
        check_ends_with_error(run_program_on(dir / "input", name, {"--help"}, "/dev/full"), "standard output");
    }
}

TEST_CASE("a directory on standard input is an error") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const std::vector<std::pair<std::string, std::vector<std::string>>> readers = {
        {"chat", {"--model", tiny_path()}},
        {"tokenize", {"--model", tiny_path()}},
        {"tokenize", {"--model", tiny_path(), "--jsonl"}},
        {"render", {"--model", tiny_path(), "--jsonl"}}};
    for (const auto& [name, arguments] : readers) {
        INFO("program: " << name);
        check_refused(run_program_on(std::filesystem::temp_directory_path(), name, arguments),
                      {"standard input", "Is a directory"});
    }
}

TEST_CASE("a file of logits is written beside its place, then renamed, behind a link too") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    std::filesystem::create_directory(dir / "out");
    const auto out = dir / "out/logits.npy";
    write_file(dir / "ids", "1,2,3");
    const auto run = [&](const std::string& path) {
        return run_program("logits", {"--model", tiny_path(), "--tokens", (dir / "ids").string(), "--out", path});
    };
    write_file(dir / "real", "what was there before");
    std::filesystem::create_symlink(dir / "real", out);
    CHECK(run(out.string()).exit_code == 0);
    CHECK(std::filesystem::is_symlink(out));
    CHECK(contents_of(dir / "real").substr(1, 5) == "NUMPY");
    CHECK(files_in(dir / "out") == 1);
    check_ends_with_error(run("/dev/full"), "/dev/full");
}

#endif
