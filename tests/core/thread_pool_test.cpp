// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/cpu.hpp>
#include <nibble/core/thread_pool.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "test.hpp"

using nibble::thread_pool;

TEST_CASE("a pool has the asked number of workers, or the available one") {
    CHECK(thread_pool{1}.size() == 1);
    CHECK(thread_pool{3}.size() == 3);
    CHECK(thread_pool{}.size() == nibble::available_threads());
    CHECK(thread_pool{0}.size() == nibble::available_threads());
}

TEST_CASE("run calls the task once for each worker, worker 0 on the calling thread") {
    for (const unsigned n : {1u, 2u, 3u, 8u}) {
        thread_pool pool{n};
        std::vector<int> calls(n, 0);
        std::vector<std::thread::id> threads(n);
        for (int round = 0; round < 50; ++round)
            pool.run([&](unsigned worker) {
                ++calls[worker];
                threads[worker] = std::this_thread::get_id();
            });
        CHECK(calls == std::vector<int>(n, 50));
        CHECK(threads[0] == std::this_thread::get_id());
    }
}

TEST_CASE("the parts of threads that do not get to run are the caller's, until they do") {
    constexpr unsigned n = 4;
    nibble::wait_word n_started, released;
    thread_pool pool{n, [&](unsigned) {
                         ++n_started.value;
                         n_started.notify_all();
                         released.wait(0);
                     }};
    for (unsigned started; (started = n_started.value) < n - 1;) n_started.wait(started);
    const auto caller = std::this_thread::get_id();
    for (int round = 0; round < 100; ++round) {
        std::vector<int> calls(50, 0);
        bool elsewhere = false;
        pool.for_each(calls.size(), [&](std::size_t item, unsigned) {
            ++calls[item];
            elsewhere |= std::this_thread::get_id() != caller;
        });
        REQUIRE(calls == std::vector<int>(50, 1));
        REQUIRE_FALSE(elsewhere);
    }
    released.value = 1;
    released.notify_all();
    // They join in: each thread sooner or later has its part of a task, and always as the same worker.
    std::vector<std::thread::id> threads(n, caller);
    for (unsigned n_seen = 0; n_seen < n - 1;) {
        pool.run([&](unsigned worker) {
            if (worker == 0) return std::this_thread::yield();
            const auto here = std::this_thread::get_id();
            if (here == caller) return;
            if (threads[worker] != caller && threads[worker] != here) std::abort();
            threads[worker] = here;
        });
        n_seen = n - static_cast<unsigned>(std::count(threads.begin(), threads.end(), caller));
    }
    for (unsigned a = 1; a < n; ++a)
        for (unsigned b = 1; b < a; ++b) CHECK(threads[a] != threads[b]);
}

TEST_CASE("a thread that comes late never touches a task that is over") {
    thread_pool pool{8};  // more than the cores of most machines that run tests: some come late all the time
    for (int round = 0; round < 20'000; ++round) {
        auto calls = std::make_unique<std::array<std::atomic<int>, 8>>();  // gone after the round
        pool.run([&calls](unsigned worker) { ++(*calls)[worker]; });
        for (const auto& count : *calls) REQUIRE(count == 1);
    }
}

TEST_CASE("for_each calls the task once for each item, whatever the numbers") {
    for (const unsigned n : {1u, 2u, 5u}) {
        thread_pool pool{n};
        for (const std::size_t n_items : {0u, 1u, 2u, 3u, 7u, 100u, 1000u}) {
            std::vector<int> calls(n_items, 0);
            std::vector<unsigned> workers(n_items, 0);
            pool.for_each(n_items, [&](std::size_t item, unsigned worker) {
                ++calls[item];
                workers[item] = worker;
            });
            CHECK(calls == std::vector<int>(n_items, 1));
            for (std::size_t item = 0; item < n_items; ++item) {
                CHECK(workers[item] < n);
                if (item < n) CHECK(workers[item] == item);  // the first items are the workers' own
            }
        }
    }
}

TEST_CASE("what the caller wrote before a task is seen in it, and the other way round") {
    thread_pool pool{4};
    std::vector<std::uint64_t> values(64, 1);
    std::uint64_t factor = 0;
    std::uint64_t expected = 1;
    for (int round = 0; round < 500; ++round) {
        factor = static_cast<std::uint64_t>(round) * 2 + 3;
        expected *= factor;
        pool.for_each(values.size(), [&](std::size_t item, unsigned) { values[item] *= factor; });
        std::uint64_t different = 0;
        for (const auto value : values) different |= value ^ expected;
        REQUIRE(different == 0);
    }
}

TEST_CASE("workers that fell asleep wake up for the next task") {
    thread_pool pool{3};
    std::atomic<int> calls = 0;
    for (int round = 0; round < 20; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
        pool.run([&](unsigned worker) {
            if (worker == 1) std::this_thread::sleep_for(std::chrono::milliseconds{2});  // the others wait asleep
            calls.fetch_add(1);
        });
        REQUIRE(calls == 3 * (round + 1));
    }
}

TEST_CASE("threads that share a pool take turns") {
    thread_pool pool{2};
    std::atomic<int> running = 0;
    std::atomic<bool> overlapped = false;
    const auto user = [&] {
        for (int round = 0; round < 300; ++round) {
            std::vector<int> calls(2, 0);
            pool.run([&](unsigned worker) {
                if (worker == 0 && running.fetch_add(1) != 0) overlapped = true;
                ++calls[worker];
                if (worker == 0) running.fetch_sub(1);
            });
            if (calls != std::vector<int>{1, 1}) overlapped = true;
        }
    };
    std::vector<std::thread> users;
    for (int i = 0; i < 3; ++i) users.emplace_back(user);
    for (auto& thread : users) thread.join();
    CHECK_FALSE(overlapped);
}

TEST_CASE("several pools work at the same time, more threads than cores") {
    std::atomic<std::uint64_t> total = 0;
    const auto user = [&total] {
        thread_pool pool{4};
        for (int round = 0; round < 200; ++round)
            pool.for_each(9, [&total](std::size_t item, unsigned) { total.fetch_add(item + 1); });
    };
    std::thread other{user};
    user();
    other.join();
    CHECK(total == 2u * 200u * 45u);
}

TEST_CASE("a pool that was never used, or just used, ends cleanly") {
    for (int round = 0; round < 50; ++round) {
        const thread_pool unused{3};
        thread_pool used{3};
        used.run([](unsigned) {});
    }
    CHECK(std::make_shared<thread_pool>(2u)->size() == 2);
}

TEST_CASE("a task may be const, a function, or hold what cannot be copied") {
    static std::atomic<int> calls = 0;
    calls = 0;
    thread_pool pool{2};
    const auto constant = [](unsigned) { calls.fetch_add(1); };
    pool.run(constant);
    struct counter {
        static void count(unsigned) { calls.fetch_add(1); }
    };
    pool.run(counter::count);
    pool.run([owned = std::make_unique<int>(1)](unsigned) { calls.fetch_add(*owned); });
    CHECK(calls == 6);
}
