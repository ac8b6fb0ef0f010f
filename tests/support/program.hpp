// SPDX-License-Identifier: Apache-2.0
// Runs one of the example programs and keeps what it leaves behind.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/paths.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

namespace nibble::test {

#ifdef NIBBLE_TEST_BIN_DIR
inline const std::filesystem::path program_dir = NIBBLE_TEST_BIN_DIR;
#else
inline const std::filesystem::path program_dir;  // the programs are not part of this build
#endif

struct program_result {
    int exit_code = 0;  // 128 and the number of the signal that ended it
    std::string out, err;
};

[[nodiscard]] inline std::string contents_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot open " + path.string());
    return {std::istreambuf_iterator<char>{in}, {}};
}

inline void write_file(const std::filesystem::path& path, std::string_view contents) {
    std::ofstream out(path, std::ios::binary);
    out.write(contents.data(), static_cast<std::streamsize>(contents.size()));
    if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

namespace detail {

/// With files in `dir` for what it prints.
inline program_result run_program(const temp_dir& dir, standard_streams& streams, const std::string& name,
                                  const std::vector<std::string>& arguments, const std::filesystem::path& output) {
    streams.write_to(1, output.empty() ? dir / "out" : output);
    streams.write_to(2, dir / "err");
    const int code = run_process(program_dir / name, arguments, streams);
    return {code, output.empty() ? contents_of(dir / "out") : "", contents_of(dir / "err")};
}

}  // namespace detail

/// Runs program `name` to its end, with the file (or device) `input` as standard input. What it prints goes through
/// files, so that neither side can wait for the other; standard output goes to `output`, where there is one.
inline program_result run_program_on(const std::filesystem::path& input, const std::string& name,
                                     const std::vector<std::string>& arguments,
                                     const std::filesystem::path& output = {}) {
    const temp_dir dir;
    detail::standard_streams streams;
    streams.read_from(input);
    return detail::run_program(dir, streams, name, arguments, output);
}

/// The same with `input` on a pipe, into whose buffer it must fit.
inline program_result run_program(const std::string& name, const std::vector<std::string>& arguments,
                                  std::string_view input = {}) {
    constexpr std::size_t pipe_bytes = 65'536;
    if (input.size() > pipe_bytes) throw std::invalid_argument("input does not fit into a pipe");
    const temp_dir dir;
    detail::standard_streams streams;
    streams.read_text(input);
    return detail::run_program(dir, streams, name, arguments, {});
}

/// False, and a message, in a build without the programs.
[[nodiscard]] inline bool programs_are_built() {
    if (program_dir.empty()) WARN("SKIPPED: needs the example programs (NIBBLE_BUILD_EXAMPLES)");
    return !program_dir.empty();
}

[[nodiscard]] inline bool contains(std::string_view text, std::string_view piece) {
    return text.find(piece) != std::string_view::npos;
}

/// Checks that a program refused: exit code 1, nothing on standard output, one line on standard error that has
/// all `pieces` in it.
inline void check_refused(const program_result& result, const std::vector<std::string>& pieces) {
    INFO("standard error: " << result.err);
    CHECK(result.exit_code == 1);
    CHECK(result.out == "");
    CHECK(result.err.substr(0, 7) == "error: ");
    CHECK(result.err.find('\n') + 1 == result.err.size());
    for (const auto& piece : pieces) {
        INFO("looked for: " << piece);
        CHECK(contains(result.err, piece));
    }
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

/// Path of the bundled model.
inline std::string tiny_path() { return (models_dir() / "nibble-tiny.gguf").string(); }

}  // namespace nibble::test
