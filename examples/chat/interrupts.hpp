// SPDX-License-Identifier: Apache-2.0
// Ctrl-C, and waiting for input in a way that it ends.
#pragma once

#include <atomic>

/// Set by Ctrl-C: a reply under way stops and is kept; a line in the making is given up.
inline std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

#if defined(_WIN32)
#include "interrupts_windows.hpp"
#else
#include "interrupts_posix.hpp"
#endif
