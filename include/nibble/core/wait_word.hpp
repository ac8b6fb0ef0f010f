// SPDX-License-Identifier: Apache-2.0
// A number that threads sleep on until another thread has changed it.
#pragma once

#include <atomic>
#include <cstdint>

#include <nibble/core/config.hpp>

// Where libstdc++ has no futex, a sleeper of its std::atomic::wait may miss a change and sleep for ever: a pool of
// g++ 12 under Wine hung in 11 of 30 runs. There a condition variable takes its place.
#if defined(__GLIBCXX__) && !defined(_GLIBCXX_HAVE_LINUX_FUTEX)
#define NIBBLE_WAIT_WORD_LOCKS 1
#include <condition_variable>
#include <mutex>
#else
#define NIBBLE_WAIT_WORD_LOCKS 0
#endif

NIBBLE_NAMESPACE_BEGIN

/// 4 bytes, what a futex can wait for. A change is made to `value`, sequentially consistent, and then announced.
class wait_word {
public:
    std::atomic<std::uint32_t> value{0};

#if NIBBLE_WAIT_WORD_LOCKS
    /// Sleeps while the value is `old`.
    void wait(std::uint32_t old) noexcept {
        std::unique_lock lock{mutex_};
        while (value.load(std::memory_order_acquire) == old) changed_.wait(lock);
    }
    /// Wakes all that sleep. No one is between its look at the value and its sleep while the lock is held.
    void notify_all() noexcept {
        const std::lock_guard lock{mutex_};
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
#else
    /// Sleeps while the value is `old`.
    void wait(std::uint32_t old) noexcept { value.wait(old, std::memory_order_acquire); }
    /// Wakes all that sleep.
    void notify_all() noexcept { value.notify_all(); }
#endif
};

NIBBLE_NAMESPACE_END
