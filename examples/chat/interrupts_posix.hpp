// SPDX-License-Identifier: Apache-2.0
// interrupts.hpp for POSIX systems.
#pragma once

#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/// A pipe that the signal handler writes to: a signal just before poll() would else be noticed only after it.
inline int wake_up[2] = {-1, -1};

/// Interrupted calls go on (SA_RESTART), so that Ctrl-C does not break what is being written. Another size of the
/// window, and coming back from Ctrl-Z, end a wait for input too: line editors draw their line again.
inline void catch_interrupts() {
    if (::pipe(wake_up) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    for (const int end : wake_up) {
        ::fcntl(end, F_SETFL, O_NONBLOCK);
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
    }
    struct sigaction action {};
    action.sa_flags = SA_RESTART;
    action.sa_handler = [](int number) {
        const int kept = errno;
        if (number == SIGINT) interrupted = true;
        [[maybe_unused]] const auto n = ::write(wake_up[1], "", 1);
        errno = kept;
    };
    for (const int number : {SIGINT, SIGWINCH, SIGCONT}) sigaction(number, &action, nullptr);
}

/// Waits until there is something on standard input, or its end; false after Ctrl-C. `after_signal` is called when a
/// signal has ended the wait, which then goes on.
template <class AfterSignal>
bool wait_for_input(const AfterSignal& after_signal) {
    while (!interrupted) {
        pollfd both[] = {{STDIN_FILENO, POLLIN, 0}, {wake_up[0], POLLIN, 0}};
        if (::poll(both, 2, -1) < 0) continue;  // a signal: its byte is in the pipe
        char bytes[64];
        if (both[1].revents != 0) {
            while (::read(wake_up[0], bytes, sizeof bytes) > 0) {
            }
            after_signal();
        } else if (both[0].revents != 0) {
            return !interrupted;
        }
    }
    return false;
}

inline bool wait_for_input() {
    return wait_for_input([] {});
}
