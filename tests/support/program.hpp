// SPDX-License-Identifier: Apache-2.0
// Runs one of the example programs and keeps what it leaves behind.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/paths.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

extern char** environ;

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

inline void require_no_error(int code, const char* call) {
    if (code != 0) throw std::system_error(code, std::generic_category(), call);
}

class spawn_actions {
public:
    spawn_actions() { require_no_error(posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init"); }
    spawn_actions(const spawn_actions&) = delete;
    spawn_actions& operator=(const spawn_actions&) = delete;
    ~spawn_actions() { posix_spawn_file_actions_destroy(&actions_); }

    void write_to(int fd, const std::filesystem::path& path) {
        require_no_error(posix_spawn_file_actions_addopen(&actions_, fd, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                                          S_IRUSR | S_IWUSR),
                         "posix_spawn_file_actions_addopen");
    }
    void read_from(int fd, const std::filesystem::path& path) {
        require_no_error(posix_spawn_file_actions_addopen(&actions_, fd, path.c_str(), O_RDONLY, 0),
                         "posix_spawn_file_actions_addopen");
    }
    void read_and_write(int fd, const std::filesystem::path& path) {
        require_no_error(posix_spawn_file_actions_addopen(&actions_, fd, path.c_str(), O_RDWR, 0),
                         "posix_spawn_file_actions_addopen");
    }
    void copy(int from, int to) {
        require_no_error(posix_spawn_file_actions_adddup2(&actions_, from, to), "posix_spawn_file_actions_adddup2");
    }
    [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_;
};

/// Starts program `name`, with standard streams as `actions` has them.
inline pid_t start_program(const std::string& name, std::vector<std::string> arguments, const spawn_actions& actions,
                           const posix_spawnattr_t* attributes = nullptr) {
    const auto path = program_dir / name;
    arguments.insert(arguments.begin(), path.string());
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t child = 0;
    require_no_error(posix_spawn(&child, path.c_str(), actions.get(), attributes, argv.data(), environ), path.c_str());
    return child;
}

/// Waits for its end. The exit code, or 128 and the number of the signal that ended it.
inline int exit_code_of(pid_t child) {
    int status = 0;
    if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace detail

/// Runs program `name` to its end, with the file (or device) `input` as standard input. What it prints goes through
/// files, so that neither side can wait for the other; standard output goes to `output`, where there is one.
inline program_result run_program_on(const std::filesystem::path& input, const std::string& name,
                                     std::vector<std::string> arguments, const std::filesystem::path& output = {}) {
    const temp_dir dir;
    detail::spawn_actions actions;
    actions.read_from(STDIN_FILENO, input);
    actions.write_to(STDOUT_FILENO, output.empty() ? dir / "out" : output);
    actions.write_to(STDERR_FILENO, dir / "err");
    const int code = detail::exit_code_of(detail::start_program(name, std::move(arguments), actions));
    return {code, output.empty() ? contents_of(dir / "out") : "", contents_of(dir / "err")};
}

/// The same with `input` on a pipe, into whose buffer it must fit.
inline program_result run_program(const std::string& name, std::vector<std::string> arguments,
                                  std::string_view input = {}) {
    constexpr std::size_t pipe_bytes = 65'536;
    if (input.size() > pipe_bytes) throw std::invalid_argument("input does not fit into a pipe");
    int ends[2];
    detail::require_no_error(::pipe(ends) == 0 ? 0 : errno, "pipe");
    const auto written = ::write(ends[1], input.data(), input.size());
    ::close(ends[1]);
    if (written != static_cast<ssize_t>(input.size())) throw std::runtime_error("cannot fill the pipe");

    const temp_dir dir;
    detail::spawn_actions actions;
    actions.copy(ends[0], STDIN_FILENO);
    actions.write_to(STDOUT_FILENO, dir / "out");
    actions.write_to(STDERR_FILENO, dir / "err");
    const pid_t child = detail::start_program(name, std::move(arguments), actions);
    ::close(ends[0]);
    const int code = detail::exit_code_of(child);
    return {code, contents_of(dir / "out"), contents_of(dir / "err")};
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
