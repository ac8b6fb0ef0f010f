// SPDX-License-Identifier: Apache-2.0
// What this processor and operating system can run: instruction sets, and how many threads are worth starting.
#pragma once

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Instruction sets that may be executed: the processor has them and the operating system saves their registers.
struct cpu_features {
    bool portable = false;      ///< the vectors that every processor has for which this program is compiled
    bool avx2 = false;          ///< AVX2 with FMA and F16C
    bool avx_vnni = false;      ///< the VEX form of VNNI, beside avx2
    bool avx512 = false;        ///< AVX-512 F, BW, VL and DQ, beside avx2
    bool avx512_vnni = false;   ///< beside avx512
    bool avx512_vbmi = false;   ///< beside avx512
    bool amx_int8 = false;      ///< AMX tiles of int8. Linux lets a process use them only after it has asked
    bool neon = false;          ///< the vectors of every 64-bit Arm
    bool neon_dotprod = false;  ///< sdot, beside neon
    bool neon_i8mm = false;     ///< smmla, beside neon_dotprod

    friend bool operator==(const cpu_features&, const cpu_features&) = default;
};

/// Asks the processor; some hundred nanoseconds, more in a virtual machine, so ask once.
[[nodiscard]] NIBBLE_FUNCTION cpu_features detect_cpu() noexcept;

/// How many threads can compute at once: one for each physical core on which the calling thread may run, and no
/// more than its control group's quota; at least 1. Two threads of one core share its multipliers and caches, so a
/// second one gains nothing here. Reads /proc and /sys on Linux, elsewhere asks Windows or the standard library.
[[nodiscard]] NIBBLE_FUNCTION unsigned available_threads();

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/core/cpu_impl.hpp>
#endif
