// SPDX-License-Identifier: Apache-2.0
// A program in a terminal of its own, and someone who types.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/program.hpp"

namespace nibble::test {

/// Runs a program with a pseudo-terminal as all three of its standard streams. What it prints is read all the time, so
/// that it never waits for us; all texts are searched from where the last search has ended.
class pseudo_terminal {
public:
    pseudo_terminal(const std::string& program, std::vector<std::string> arguments) {
        master_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) throw std::runtime_error("no terminal");
        const std::string slave = ::ptsname(master_);
        resize(24, 80);
        detail::standard_streams streams;
        streams.use_terminal(slave);
        posix_spawnattr_t attributes;
        detail::require_no_error(posix_spawnattr_init(&attributes), "posix_spawnattr_init");
        detail::require_no_error(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID), "posix_spawnattr_setflags");
        child_ = detail::start_program(program_dir / program, std::move(arguments), streams, &attributes);
        posix_spawnattr_destroy(&attributes);
    }
    pseudo_terminal(const pseudo_terminal&) = delete;
    pseudo_terminal& operator=(const pseudo_terminal&) = delete;
    ~pseudo_terminal() {
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
        }
        ::close(master_);
    }

    void type(std::string_view keys) {
        while (!keys.empty()) {
            pollfd ready{master_, POLLIN | POLLOUT, 0};
            ::poll(&ready, 1, -1);
            if (ready.revents & POLLIN) take();
            if (!(ready.revents & POLLOUT)) continue;
            const auto n = ::write(master_, keys.data(), std::min<std::size_t>(keys.size(), 512));
            if (n < 0 && errno != EAGAIN) throw std::runtime_error("the program's terminal is gone");
            if (n > 0) keys.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    void resize(unsigned short rows, unsigned short columns) {
        const winsize size{rows, columns, 0, 0};
        ::ioctl(master_, TIOCSWINSZ, &size);
    }

    /// Waits until `text` is printed. False when it is not within a minute, or when the program ends without it.
    bool shows(std::string_view text) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        while (true) {
            if (const auto at = screen_.find(text, searched_); at != std::string::npos) {
                searched_ = at + text.size();
                return true;
            }
            pollfd ready{master_, POLLIN, 0};
            if (std::chrono::steady_clock::now() > deadline) return false;
            if (::poll(&ready, 1, 1000) > 0 && !take()) return false;
        }
    }

    /// Waits for the end of the program; its exit code.
    int exit_code() {
        while (take()) {
        }
        return detail::exit_code_of(std::exchange(child_, 0));
    }

    /// All that was printed so far.
    [[nodiscard]] const std::string& screen() const noexcept { return screen_; }

private:
    bool take() {
        char bytes[4096];
        const auto n = ::read(master_, bytes, sizeof bytes);
        if (n > 0) screen_.append(bytes, static_cast<std::size_t>(n));
        return n > 0;
    }

    int master_ = -1;
    pid_t child_ = 0;
    std::string screen_;
    std::size_t searched_ = 0;
};

}  // namespace nibble::test
