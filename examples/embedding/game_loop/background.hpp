// SPDX-License-Identifier: Apache-2.0
// Threads that give way to the game where both want the same core.
#pragma once

#if defined(__linux__)
#include <sys/resource.h>
#elif defined(_WIN32)
#define NOMINMAX
#include <windows.h>
#endif

/// The calling thread runs when others do not need its core. Where the system is another one nothing happens.
inline void go_to_background() {
#if defined(__linux__)
    ::setpriority(PRIO_PROCESS, 0, 10);  // of this thread alone
#elif defined(_WIN32)
    ::SetThreadPriority(::GetCurrentThread(), THREAD_PRIORITY_BELOW_NORMAL);
#endif
}
