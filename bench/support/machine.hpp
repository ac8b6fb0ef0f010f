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

#include <nibble/core/config.hpp>
#include <nibble/core/thread_pool.hpp>
#include <nibble/simd/neon.hpp>
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

/// Best of many short runs of `work`, in seconds: what the machine does while nothing else has its caches and ports.
template <class Work>
double best_seconds(const Work& work) {
    double best = 1e9;
    for (int repeat = 0; repeat < 200; ++repeat) {
        const auto start = clock::now();
        work();
        best = std::min(best, seconds_since(start));
    }
    return best;
}

/// Bytes a second at which one thread reads `bytes` again and again: from whichever cache level they fit into.
inline double measure_cache_bandwidth(std::span<const std::byte> bytes) {
    std::uint64_t sum[4] = {};
    const double seconds = best_seconds([&] {
        for (std::size_t i = 0; i + 256 <= bytes.size(); i += 256) {
            NIBBLE_UNROLL
            for (std::size_t k = 0; k < 4; ++k) {  // one load moves a whole line
                std::uint64_t word;
                std::memcpy(&word, bytes.data() + i + 64 * k, 8);
                sum[k] += word;
            }
        }
        asm volatile("" : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3]));
    });
    return static_cast<double>(bytes.size()) / seconds;
}

}  // namespace nibble::bench

#if NIBBLE_X86_64
NIBBLE_REGION_BEGIN_AVX2
namespace nibble::bench {

/// Byte multiply-adds and their additions, nothing else, `n` times 8 of each: 32 multiply-accumulates a pair.
inline void multiply_bytes_avx2(std::size_t n) {
    __m256i a = _mm256_set1_epi8(3);
    const __m256i b = _mm256_set1_epi8(-2), zero = _mm256_setzero_si256();
    __m256i sums[8] = {zero, zero, zero, zero, zero, zero, zero, zero};
    for (std::size_t i = 0; i < n; ++i) {
        NIBBLE_UNROLL
        for (std::size_t k = 0; k < 8; ++k) {
            asm("" : "+x"(a));  // so that the product is computed each time
            sums[k] = _mm256_add_epi16(sums[k], _mm256_maddubs_epi16(a, b));
        }
    }
    NIBBLE_UNROLL
    for (std::size_t k = 0; k < 8; ++k) asm volatile("" : "+x"(sums[k]));
}

}  // namespace nibble::bench
NIBBLE_REGION_END

NIBBLE_REGION_BEGIN_AVX512_VNNI
namespace nibble::bench {

/// The same with vpdpbusd, which adds by itself; 64 multiply-accumulates each.
inline void multiply_bytes_avx512(std::size_t n) {
    const __m512i a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(-2), zero = _mm512_setzero_si512();
    __m512i sums[8] = {zero, zero, zero, zero, zero, zero, zero, zero};
    for (std::size_t i = 0; i < n; ++i) {
        NIBBLE_UNROLL
        for (std::size_t k = 0; k < 8; ++k) sums[k] = _mm512_dpbusd_epi32(sums[k], a, b);
    }
    NIBBLE_UNROLL
    for (std::size_t k = 0; k < 8; ++k) asm volatile("" : "+v"(sums[k]));
}

}  // namespace nibble::bench
NIBBLE_REGION_END

namespace nibble::bench {

/// Multiply-accumulates of bytes a second that one thread can do at most.
inline double measure_multiply_bound(bool avx512) {
    constexpr std::size_t n = 20'000;
    if (avx512) return static_cast<double>(n * 8 * 64) / best_seconds([] { multiply_bytes_avx512(n); });
    return static_cast<double>(n * 8 * 32) / best_seconds([] { multiply_bytes_avx2(n); });
}

}  // namespace nibble::bench
#elif NIBBLE_AARCH64
NIBBLE_REGION_BEGIN_NEON_DOTPROD
namespace nibble::bench {

/// sdot and nothing else, `n` times 16 of them: 16 multiply-accumulates each.
inline void multiply_bytes_dotprod(std::size_t n) {
    const int8x16_t a = vdupq_n_s8(3), b = vdupq_n_s8(-2);
    int32x4_t sums[16] = {};
    for (std::size_t i = 0; i < n; ++i) {
        NIBBLE_UNROLL
        for (std::size_t k = 0; k < 16; ++k) sums[k] = neon::dotprod::add_lane<0>(sums[k], a, b);
    }
    NIBBLE_UNROLL
    for (std::size_t k = 0; k < 16; ++k) asm volatile("" : "+w"(sums[k]));
}

}  // namespace nibble::bench
NIBBLE_REGION_END

NIBBLE_REGION_BEGIN_NEON_I8MM
namespace nibble::bench {

/// The same with smmla; 32 multiply-accumulates each.
inline void multiply_bytes_i8mm(std::size_t n) {
    const int8x16_t a = vdupq_n_s8(3), b = vdupq_n_s8(-2);
    int32x4_t sums[16] = {};
    for (std::size_t i = 0; i < n; ++i) {
        NIBBLE_UNROLL
        for (std::size_t k = 0; k < 16; ++k) sums[k] = neon::add_matrix(sums[k], a, b);
    }
    NIBBLE_UNROLL
    for (std::size_t k = 0; k < 16; ++k) asm volatile("" : "+w"(sums[k]));
}

}  // namespace nibble::bench
NIBBLE_REGION_END

namespace nibble::bench {

/// Multiply-accumulates of bytes a second that one thread can do at most.
inline double measure_multiply_bound(bool i8mm) {
    constexpr std::size_t n = 20'000;
    if (i8mm) return static_cast<double>(n * 16 * 32) / best_seconds([] { multiply_bytes_i8mm(n); });
    return static_cast<double>(n * 16 * 16) / best_seconds([] { multiply_bytes_dotprod(n); });
}

}  // namespace nibble::bench
#endif
