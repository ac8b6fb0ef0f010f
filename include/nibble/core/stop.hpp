// SPDX-License-Identifier: Apache-2.0
// When work is to end early: a flag that anyone may set, a point in time.
#pragma once

#include <atomic>
#include <chrono>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

inline constexpr auto no_deadline = std::chrono::steady_clock::time_point::max();

/// What ends work early: either of the two.
struct stop_when {
    const std::atomic<bool>* cancel = nullptr;  ///< set; it outlives the work
    /// Has come; the clock is read where there is one, and nowhere else.
    std::chrono::steady_clock::time_point deadline = no_deadline;
};

enum class stop_cause { none, cancelled, deadline };

/// Tells all who share a piece of work to end it. A cause that one of them has seen stays, whatever becomes of the
/// flag: where some has been left out, everyone knows.
class stop_signal {
public:
    /// From now on these end the work; what was seen before is forgotten. Not while others look.
    void watch(const stop_when& when) noexcept {
        when_ = when;
        seen_.store(stop_cause::none, std::memory_order_relaxed);
    }

    [[nodiscard]] const stop_when& watched() const noexcept { return when_; }

    /// Whether to stop. Any thread, as often as it likes: some nanoseconds, some 20 where there is a deadline.
    [[nodiscard]] bool look() noexcept {
        if (seen() != stop_cause::none) return true;
        if (when_.cancel && when_.cancel->load(std::memory_order_relaxed)) return see(stop_cause::cancelled);
        if (when_.deadline != no_deadline && std::chrono::steady_clock::now() >= when_.deadline)
            return see(stop_cause::deadline);
        return false;
    }

    /// What someone has seen since watch().
    [[nodiscard]] stop_cause seen() const noexcept { return seen_.load(std::memory_order_relaxed); }

    /// Says that a cause was seen, elsewhere perhaps.
    bool see(stop_cause cause) noexcept {
        seen_.store(cause, std::memory_order_relaxed);
        return true;
    }

private:
    stop_when when_;
    std::atomic<stop_cause> seen_ = stop_cause::none;
};

NIBBLE_NAMESPACE_END
