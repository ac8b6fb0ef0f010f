// SPDX-License-Identifier: Apache-2.0
// A fixed team of threads that work through one task at a time, together with the thread that asks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/wait_word.hpp>

NIBBLE_NAMESPACE_BEGIN

#if NIBBLE_HAS_THREADS

/// Threads that start once and then serve any number of tasks; a task allocates nothing. The caller is worker 0, so
/// a pool of size 1 has no threads of its own, and takes the part of any thread that has not begun with it when the
/// caller is done with its own: where others use the processor a task does not wait for a thread to get its turn.
/// Several threads may use one pool at the same time: their tasks take turns. A task must not throw, and must not use
/// the pool that runs it. After fork() the child has no threads: it may only use pools that it made itself.
class thread_pool {
public:
    /// More threads than this are never started.
    static constexpr unsigned max_size = 1024;

    /// `n_threads` workers, the caller among them; 0 means available_threads(). Where the system refuses to start a
    /// thread the pool is smaller and works as well. `on_start`, if there is one, is called on each new thread before
    /// it serves, to give it a name, a priority or a core; it must not throw.
    explicit thread_pool(unsigned n_threads = 0, std::function<void(unsigned worker)> on_start = {});

    ~thread_pool();

    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;

    /// Number of workers, the caller among them: at least 1.
    [[nodiscard]] unsigned size() const noexcept { return static_cast<unsigned>(threads_.size()) + 1; }

    /// Calls f(worker) once for each worker = 0 .. size() - 1, on threads of their own or on the caller, and returns
    /// when all calls have returned.
    template <class F>
    void run(F&& f) noexcept {
        auto* target = std::addressof(f);
        run_task([](void* context, unsigned worker) noexcept { (**static_cast<decltype(target)*>(context))(worker); },
                 &target);
    }

    /// Calls f(item, worker) once for each item = 0 .. n_items - 1 and returns when all calls have returned.
    /// The first items are the workers' own, item i for worker i: equal calls give equal rows to equal threads,
    /// whose caches may still hold them. The rest goes to whoever is free.
    template <class F>
    void for_each(std::size_t n_items, F&& f) noexcept {
        if (n_items == 0) return;
        struct alignas(cache_line) {
            std::atomic<std::size_t> next;
        } ticket{{size()}};  // ends at most size() above n_items: no overflow for a number of things in memory
        run([&f, &ticket, n_items](unsigned worker) {
            for (std::size_t item = worker; item < n_items; item = ticket.next.fetch_add(1, std::memory_order_relaxed))
                f(item, worker);
        });
    }

private:
    using task_function = void (*)(void* context, unsigned worker) noexcept;

    static constexpr std::size_t cache_line = 64;

    // A wait spins for 1024 pauses, 20 (Zen 3) to 45 microseconds (Skylake), before it sleeps: waking a sleeping
    // thread takes as long, and the serial code between two tasks of a forward pass is shorter. It yields now and
    // then: when another program leaves both threads of a pair one core, an empty task takes 3 microseconds instead
    // of 30 (0.7 with a core each).
    static constexpr unsigned spin_limit = 1024;
    static constexpr unsigned spins_per_yield = 64;

    void run_task(task_function function, void* context) noexcept;

    // Publishes everything written before it to the workers, and wakes those that sleep. Sequentially consistent,
    // as is the end of a worker's task: notify looks for sleepers, and that look must not pass the change.
    std::uint32_t announce() noexcept;

    // Whether a worker's part of this task was still to be had, for whoever asks first: its thread or the caller. Each
    // part of each task is had by one of them before the next task comes, so the word holds the number before.
    bool take(unsigned worker, std::uint32_t generation) noexcept;

    void serve(unsigned worker);

    // Returns when `word` no longer holds `value`: spins for a moment, then sleeps.
    void await_change(wait_word& word, std::uint32_t value) const noexcept;

    struct alignas(cache_line) generation_word {
        std::atomic<std::uint32_t> number{0};
    };

    std::mutex turn_;
    std::function<void(unsigned)> on_start_;
    std::unique_ptr<generation_word[]> taken_;  // by worker: the last task whose part was taken
    std::vector<std::thread> threads_;
    unsigned n_spins_ = 0;

    // Written by the caller before an announcement, read by a worker that took its part after it.
    task_function function_ = nullptr;
    void* context_ = nullptr;
    std::atomic<bool> stopping_ = false;

    // Words that threads spin on have cache lines of their own.
    alignas(cache_line) wait_word generation_;
    alignas(cache_line) wait_word n_busy_;
};

#else

/// Where there are no threads (WebAssembly) the caller is the pool.
class thread_pool {
public:
    static constexpr unsigned max_size = 1;

    explicit thread_pool(unsigned = 0, std::function<void(unsigned worker)> = {}) {}
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;

    [[nodiscard]] unsigned size() const noexcept { return 1; }

    template <class F>
    void run(F&& f) noexcept {
        f(0u);
    }
    template <class F>
    void for_each(std::size_t n_items, F&& f) noexcept {
        for (std::size_t item = 0; item < n_items; ++item) f(item, 0u);
    }
};

#endif

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/core/thread_pool_impl.hpp>
#endif
