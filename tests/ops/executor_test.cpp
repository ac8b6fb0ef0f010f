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
