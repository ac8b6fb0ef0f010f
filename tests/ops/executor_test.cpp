// SPDX-License-Identifier: Apache-2.0
// Blocks of items over threads: each item once, blocks no larger than asked for, worker indices in range.
#include <nibble/ops/executor.hpp>

#include <atomic>
#include <vector>

#include "test.hpp"

using namespace nibble;

TEST_CASE("for_blocks covers every item once") {
    for (const unsigned n_threads : {1u, 2u, 3u}) {
        thread_pool pool{n_threads};
        executor threads{pool};
        REQUIRE(threads.n_threads() == pool.size());
        for (const std::size_t n : {0u, 1u, 5u, 64u, 1000u})
            for (const std::size_t grain : {1u, 7u, 64u, 5000u}) {
                std::vector<std::atomic<int>> calls(n);
                std::atomic<int> wrong{0};
                threads.for_blocks(n, grain, [&](std::size_t begin, std::size_t end, std::size_t worker) {
                    if (begin >= end || end - begin > grain || end > n || worker >= pool.size()) ++wrong;
                    for (std::size_t i = begin; i < end; ++i) ++calls[i];
                });
                CAPTURE(n_threads, n, grain);
                CHECK(wrong == 0);
                int others = 0;
                for (const auto& count : calls) others += count != 1;
                CHECK(others == 0);
            }
    }
}

TEST_CASE("a single block runs on the caller") {
    thread_pool pool{3};
    executor threads{pool};
    std::size_t worker_seen = 99;
    threads.for_blocks(10, 10, [&](std::size_t, std::size_t, std::size_t worker) { worker_seen = worker; });
    CHECK(worker_seen == 0);
}

TEST_CASE("after a stop no block begins, whoever would have taken it") {
    for (const unsigned n_threads : {1u, 3u})
        for (const std::size_t last : {0u, 1u, 17u, 63u}) {
            std::atomic<bool> cancel = false;
            stop_signal signal;
            signal.watch({.cancel = &cancel});
            thread_pool pool{n_threads};
            executor threads{pool, &signal};
            std::atomic<std::size_t> n_begun{0}, n_late{0};
            threads.for_blocks(64, 1, [&](std::size_t begin, std::size_t, std::size_t) {
                ++n_begun;
                if (signal.seen() != stop_cause::none) ++n_late;  // by a block of another worker after its own look
                if (begin >= last) cancel = true;
            });
            CAPTURE(n_threads, last);
            CHECK((threads.stopped() || n_begun == 64));
            if (n_threads == 1) CHECK(n_begun == last + 1);
            CHECK(n_late < n_threads);
            // seen once, seen for good: the flag may be taken back
            if (!threads.stopped()) continue;
            cancel = false;
            threads.for_blocks(1, 1, [&](std::size_t, std::size_t, std::size_t) { FAIL("a block after a stop"); });
        }
}
