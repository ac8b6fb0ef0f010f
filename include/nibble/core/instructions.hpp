// SPDX-License-Identifier: Apache-2.0
// Single instructions that each compiler has under a name of its own.
#pragma once

#include <cstdint>

#include <nibble/core/config.hpp>

#if defined(_MSC_VER) && !NIBBLE_CLANG
#include <intrin.h>
#elif NIBBLE_X86_64
#include <cpuid.h>
#endif

NIBBLE_NAMESPACE_BEGIN
namespace detail {

#if NIBBLE_X86_64

/// What cpuid says; all zero for a leaf that the processor does not have.
struct cpuid_words {
    unsigned a = 0, b = 0, c = 0, d = 0;
};
inline cpuid_words cpuid(unsigned leaf, unsigned subleaf = 0) noexcept {
    cpuid_words words;
#if defined(_MSC_VER) && !NIBBLE_CLANG
    int all[4];
    __cpuid(all, static_cast<int>(leaf & 0x80000000u));
    if (static_cast<unsigned>(all[0]) < leaf) return words;
    __cpuidex(all, static_cast<int>(leaf), static_cast<int>(subleaf));
    words = {static_cast<unsigned>(all[0]), static_cast<unsigned>(all[1]), static_cast<unsigned>(all[2]),
             static_cast<unsigned>(all[3])};
#else
    __get_cpuid_count(leaf, subleaf, &words.a, &words.b, &words.c, &words.d);
#endif
    return words;
}

/// The low half of XCR0: which registers the system saves. Only where cpuid says that xgetbv may be executed.
inline unsigned saved_registers() noexcept {
#if defined(_MSC_VER) && !NIBBLE_CLANG
    return static_cast<unsigned>(_xgetbv(0));
#else
    unsigned low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0u));
    return low;
#endif
}

#endif

/// Lets a spinning thread's core breathe for some dozen nanoseconds, where the machine has a way to.
inline void pause_core() noexcept {
#if defined(_MSC_VER) && !NIBBLE_CLANG && NIBBLE_X86_64
    _mm_pause();
#elif defined(_MSC_VER) && !NIBBLE_CLANG && defined(_M_ARM64)
    __isb(_ARM64_BARRIER_SY);
#elif NIBBLE_X86_64
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");  // waits about as long as x86's pause; yield does nothing on most cores
#endif
}

/// Asks for the cache line at `p`, which may lie anywhere.
inline void prefetch(const void* p) noexcept {
#if NIBBLE_CLANG || defined(__GNUC__)
    __builtin_prefetch(p);
#else
    static_cast<void>(p);
#endif
}
/// The same, into the second cache and no further.
inline void prefetch_l2(const void* p) noexcept {
#if NIBBLE_CLANG || defined(__GNUC__)
    __builtin_prefetch(p, 0, 2);
#else
    static_cast<void>(p);
#endif
}

}  // namespace detail
NIBBLE_NAMESPACE_END
