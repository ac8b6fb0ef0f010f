// SPDX-License-Identifier: Apache-2.0
// process.hpp for POSIX systems.
#pragma once

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace nibble::test {

/// A device that takes everything and has nothing.
inline const std::string null_device = "/dev/null";

namespace detail {

inline void require_no_error(int code, const char* call) {
    if (code != 0) throw std::system_error(code, std::generic_category(), call);
}

/// The standard streams of a program: 0 is its input, 1 its output, 2 its errors.
class standard_streams {
public:
    standard_streams() { require_no_error(posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init"); }
    standard_streams(const standard_streams&) = delete;
    standard_streams& operator=(const standard_streams&) = delete;
    ~standard_streams() {
        posix_spawn_file_actions_destroy(&actions_);
        if (pipe_ >= 0) ::close(pipe_);
    }

    void read_from(const std::filesystem::path& path) { open(STDIN_FILENO, path, O_RDONLY); }
    void write_to(int stream, const std::filesystem::path& path) { open(stream, path, O_WRONLY | O_CREAT | O_TRUNC); }

    /// All three. The first that a session opens is its terminal.
    void use_terminal(const std::filesystem::path& path) {
        open(STDIN_FILENO, path, O_RDWR);
        copy(STDIN_FILENO, STDOUT_FILENO);
        copy(STDIN_FILENO, STDERR_FILENO);
    }

    /// Input is a pipe, into whose buffer the text fits.
    void read_text(std::string_view text) {
        int ends[2];
        require_no_error(::pipe(ends) == 0 ? 0 : errno, "pipe");
        pipe_ = ends[0];
        const auto written = ::write(ends[1], text.data(), text.size());
        ::close(ends[1]);
        if (written != static_cast<ssize_t>(text.size())) throw std::runtime_error("cannot fill the pipe");
        copy(pipe_, STDIN_FILENO);
    }

    [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }

private:
    void open(int stream, const std::filesystem::path& path, int how) {
        require_no_error(posix_spawn_file_actions_addopen(&actions_, stream, path.c_str(), how, S_IRUSR | S_IWUSR),
                         "posix_spawn_file_actions_addopen");
    }
    void copy(int from, int to) {
        require_no_error(posix_spawn_file_actions_adddup2(&actions_, from, to), "posix_spawn_file_actions_adddup2");
    }

    posix_spawn_file_actions_t actions_;
    int pipe_ = -1;
};

inline pid_t start_program(const std::filesystem::path& program, std::vector<std::string> arguments,
                           const standard_streams& streams, const posix_spawnattr_t* attributes = nullptr) {
    arguments.insert(arguments.begin(), program.string());
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t child = 0;
    require_no_error(posix_spawn(&child, program.c_str(), streams.actions(), attributes, argv.data(), environ),
                     program.c_str());
    return child;
}

/// Waits for its end. The exit code, or 128 and the number of the signal that ended it.
inline int exit_code_of(pid_t child) {
    int status = 0;
    if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace detail

/// Runs a program to its end. The exit code, or 128 and the number of the signal that ended it.
inline int run_process(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                       const detail::standard_streams& streams) {
    return detail::exit_code_of(detail::start_program(program, arguments, streams));
}

}  // namespace nibble::test
