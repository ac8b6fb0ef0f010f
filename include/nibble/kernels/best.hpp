// SPDX-License-Identifier: Apache-2.0
// The sets of kernels in order of preference, and the one choice between them.
#pragma once

#include <array>

#include <nibble/core/cpu.hpp>
#include <nibble/kernels/isa/avx2.hpp>
#include <nibble/kernels/isa/avx512.hpp>
#include <nibble/kernels/isa/neon.hpp>
#include <nibble/kernels/isa/portable.hpp>
#include <nibble/kernels/isa/scalar.hpp>
#include <nibble/kernels/kernel_set.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Every set of this build, the fastest first; the last one runs everywhere.
inline constexpr std::array kernel_sets {
#if NIBBLE_X86_64
    &avx512_vnni_kernels, &avx2_kernels,
#elif NIBBLE_AARCH64
    &neon_i8mm_kernels, &neon_dotprod_kernels, &neon_kernels,
#endif
        &portable_kernels, &scalar_kernels,
};

/// The fastest set that `cpu` can run. Every set gives the same bits.
[[nodiscard]] inline const kernel_set& best_kernels(const cpu_features& cpu) noexcept {
    for (const kernel_set* set : kernel_sets)
        if (set->runs_on(cpu)) return *set;
    return scalar_kernels;
}

NIBBLE_NAMESPACE_END
