// SPDX-License-Identifier: Apache-2.0
// What the machine can do at most, measured in the run that compares with it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <span>
#include <vector>

#include <nibble/core/thread_pool.hpp>
#include <nibble/simd/region.hpp>

namespace nibble::bench {

using clock = std::chrono::steady_clock;

inline double seconds_since(clock::time_point start) {
    return std::chrono::duration<double>(clock::now() - start).count();
}

/// Core clock in Hz: a chain of dependent additions does one a cycle; several to a jump, which may take more. In this
/// thread's processor time, so that other programs do not count.
inline double measure_clock_hz() {
    double best = 0;
    for (int repeat = 0; repeat < 5; ++repeat) {
        constexpr std::uint64_t steps = 40'000'000, steps_per_jump = 8;
        std::uint64_t x = 0;
        const auto start = std::clock();
        for (std::uint64_t i = 0; i < steps; i += steps_per_jump) {
            NIBBLE_UNROLL
            for (std::uint64_t k = 0; k < steps_per_jump; ++k) {
                x += i;
                asm volatile("" : "+r"(x));
            }
        }
        const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
        best = std::max(best, static_cast<double>(steps) / seconds);
    }
    return best;
}

/// Bytes a second at which the pool's threads together read `bytes` once, best of `repeats`. Reads whole cache lines
/// in address order, each thread blocks of 1 MiB.
inline double measure_read_bandwidth(thread_pool& pool, std::span<const std::byte> bytes, int repeats = 5) {
    constexpr std::size_t block = std::size_t{1} << 20;
    const std::size_t n_blocks = bytes.size() / block;
    if (n_blocks == 0) return 0;
    double best = 0;
    std::vector<std::uint64_t> sums(pool.size() * 8);
    for (int repeat = 0; repeat < repeats; ++repeat) {
        const auto start = clock::now();
        pool.for_each(n_blocks, [&](std::size_t i, std::size_t worker) {
            std::uint64_t sum = 0;
            for (const std::byte *p = bytes.data() + i * block, *end = p + block; p < end; p += 64) {
                std::uint64_t word;
                std::memcpy(&word, p, 8);  // one load moves the whole line
                sum += word;
            }
            sums[worker * 8] += sum;
        });
        best = std::max(best, static_cast<double>(n_blocks * block) / seconds_since(start));
    }
    volatile std::uint64_t sink = sums[0];
    (void)sink;
    return best;
}

}  // namespace nibble::bench
