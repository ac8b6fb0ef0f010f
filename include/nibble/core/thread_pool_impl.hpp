// SPDX-License-Identifier: Apache-2.0
// Definitions of core/thread_pool.hpp: how the threads take turns.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <nibble/core/cpu.hpp>
#include <nibble/core/instructions.hpp>
#include <nibble/core/thread_pool.hpp>
#include <nibble/core/wait_word.hpp>

NIBBLE_NAMESPACE_BEGIN

#if NIBBLE_HAS_THREADS

NIBBLE_FUNCTION thread_pool::thread_pool(unsigned n_threads, std::function<void(unsigned worker)> on_start)
    : on_start_(std::move(on_start)) {
    const unsigned n_available = available_threads();
    const unsigned n_wanted = std::min(n_threads == 0 ? n_available : n_threads, max_size);
    // A worker that spins while others have no core to run on only delays what it waits for.
    n_spins_ = n_wanted <= n_available ? spin_limit : 0;
    try {
        threads_.reserve(n_wanted - 1);
        taken_ = std::make_unique<generation_word[]>(n_wanted);
        while (size() < n_wanted) threads_.emplace_back([this, worker = size()] { serve(worker); });
    } catch (const std::exception&) {  // std::system_error or std::bad_alloc: the threads so far are the pool
    }
}

NIBBLE_FUNCTION thread_pool::~thread_pool() {
    stopping_ = true;
    announce();
    for (std::thread& thread : threads_) thread.join();
}

NIBBLE_FUNCTION void thread_pool::run_task(task_function function, void* context) noexcept {
    const std::lock_guard turn{turn_};
    if (threads_.empty()) return function(context, 0);
    function_ = function;
    context_ = context;
    n_busy_.value.store(size() - 1, std::memory_order_relaxed);
    const std::uint32_t generation = announce();
    function(context, 0);
    for (unsigned worker = 1; worker < size(); ++worker)
        if (take(worker, generation)) {
            function(context, worker);
            n_busy_.value.fetch_sub(1, std::memory_order_relaxed);
        }
    for (std::uint32_t left; (left = n_busy_.value.load(std::memory_order_acquire)) != 0;) await_change(n_busy_, left);
}

NIBBLE_FUNCTION std::uint32_t thread_pool::announce() noexcept {
    const std::uint32_t generation = generation_.value.fetch_add(1) + 1;
    generation_.notify_all();
    return generation;
}

NIBBLE_FUNCTION bool thread_pool::take(unsigned worker, std::uint32_t generation) noexcept {
    std::uint32_t before = generation - 1;
    return taken_[worker].number.compare_exchange_strong(before, generation, std::memory_order_relaxed);
}

NIBBLE_FUNCTION void thread_pool::serve(unsigned worker) {
    if (on_start_) on_start_(worker);
    for (std::uint32_t seen = 0;;) {
        await_change(generation_, seen);
        seen = generation_.value.load(std::memory_order_acquire);
        if (stopping_.load(std::memory_order_relaxed)) return;
        if (!take(worker, seen)) continue;  // the caller had it; the task may be over and its context gone
        function_(context_, worker);
        if (n_busy_.value.fetch_sub(1) == 1) n_busy_.notify_all();
    }
}

NIBBLE_FUNCTION void thread_pool::await_change(wait_word& word, std::uint32_t value) const noexcept {
    for (unsigned i = 0; i < n_spins_; ++i) {
        if (word.value.load(std::memory_order_acquire) != value) return;
        if (i % spins_per_yield == spins_per_yield - 1) {
            std::this_thread::yield();
        } else {
            detail::pause_core();
        }
    }
    word.wait(value);
}

#endif

NIBBLE_NAMESPACE_END
