// SPDX-License-Identifier: Apache-2.0
// interrupts.hpp for Windows.
#pragma once

#include "../system.hpp"

/// A second Ctrl-C, which comes before the first has been looked at, ends the program.
inline void catch_interrupts() {
    ::SetConsoleCtrlHandler(
        [](DWORD event) -> BOOL { return event == CTRL_C_EVENT && !interrupted.exchange(true) ? TRUE : FALSE; }, TRUE);
}

/// False after Ctrl-C. The wait itself is in os::read_input, which Ctrl-C ends where a console is read.
inline bool wait_for_input() { return !interrupted; }
