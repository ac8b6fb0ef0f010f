// SPDX-License-Identifier: Apache-2.0
// ../system.hpp for POSIX systems.
#pragma once

#include <cerrno>
#include <cstddef>
#include <ctime>

#include <fcntl.h>
#include <unistd.h>

namespace os {

/// Before the first output.
inline void prepare_console() {}

inline bool input_is_terminal() { return ::isatty(STDIN_FILENO); }
inline bool output_is_terminal() { return ::isatty(STDOUT_FILENO); }
inline bool errors_are_terminal() { return ::isatty(STDERR_FILENO); }

/// Whether there is a standard input at all.
inline bool input_is_open() { return ::fcntl(STDIN_FILENO, F_GETFD) != -1; }

/// What a terminal takes of a line; it drops the rest without a word.
inline constexpr std::size_t longest_line = 4095;

/// Waits for up to `size` bytes of standard input; how many came, 0 at its end, or -1 and errno.
inline std::ptrdiff_t read_input(char* data, std::size_t size) { return ::read(STDIN_FILENO, data, size); }

inline long process_id() { return ::getpid(); }

inline std::tm local_time(std::time_t time) {
    std::tm local{};
    ::localtime_r(&time, &local);
    return local;
}

}  // namespace os
