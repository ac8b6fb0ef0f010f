// SPDX-License-Identifier: Apache-2.0
// The sets of kernels in order of preference, and the one choice between them.
#pragma once

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/cpu.hpp>
#include <nibble/kernels/kernel_set.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Every set of this build, the fastest first; the last one is the scalar specification, which runs everywhere.
[[nodiscard]] NIBBLE_FUNCTION array_view<const kernel_set*> kernel_sets() noexcept;

/// What all sets compute.
[[nodiscard]] inline const kernel_set& scalar_set() noexcept { return *kernel_sets().back(); }

/// The fastest set that `cpu` can run. Every set gives the same bits.
[[nodiscard]] inline const kernel_set& best_kernels(const cpu_features& cpu) noexcept {
    for (const kernel_set* set : kernel_sets())
        if (set->runs_on(cpu)) return *set;
    return scalar_set();
}

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/kernels/best_impl.hpp>
#endif
