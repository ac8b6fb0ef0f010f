// SPDX-License-Identifier: Apache-2.0
// How an operation is spread over threads: blocks of items, handed out as threads become free.
#pragma once

#include <algorithm>
#include <cstddef>

#include <nibble/core/config.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/thread_pool.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The threads that the operations of one forward pass run on, and what ends it early. A view of a pool and a signal,
/// cheap to copy.
/// Nothing that an operation computes depends on which worker takes which block, or on how many there are.
class executor {
public:
    explicit executor(thread_pool& pool, stop_signal* stop = nullptr) noexcept : pool_(&pool), stop_(stop) {}

    /// Workers, and so the number of work areas an operation needs: worker indices are below it.
    [[nodiscard]] std::size_t n_threads() const noexcept { return pool_->size(); }

    /// Blocks may have been left out: what they would have written is what was there before. An operation that takes
    /// indices from there ends instead, and a pass is void.
    [[nodiscard]] bool stopped() const noexcept { return stop_ && stop_->seen() != stop_cause::none; }

    /// Calls f(begin, end, worker) for blocks of at most `grain` consecutive items until 0 .. n_items is covered,
    /// low indices first, and returns when all calls have. A single block runs on the caller: no thread is woken for
    /// it. The signal is looked at before each block.
    template <class F>
    void for_blocks(std::size_t n_items, std::size_t grain, F&& f) noexcept {
        const std::size_t n_blocks = (n_items + grain - 1) / grain;
        const auto block = [&](std::size_t index, std::size_t worker) {
            if (stop_ && stop_->look()) return;
            f(index * grain, std::min((index + 1) * grain, n_items), worker);
        };
        if (n_blocks <= 1 || n_threads() == 1) {
            for (std::size_t index = 0; index < n_blocks; ++index) block(index, 0);
        } else {
            pool_->for_each(n_blocks, block);
        }
    }

private:
    thread_pool* pool_;
    stop_signal* stop_;
};

NIBBLE_NAMESPACE_END
