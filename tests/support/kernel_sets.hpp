// SPDX-License-Identifier: Apache-2.0
// The kernel sets that this machine's CPU can run.
#pragma once

#include <vector>

#include <nibble/core/cpu.hpp>
#include <nibble/kernels/kernel_set.hpp>

namespace nibble::test {

/// Every SIMD set that the CPU can run, for comparison with scalar_kernels.
inline std::vector<const kernel_set*> simd_sets() {
    std::vector<const kernel_set*> sets;
#if NIBBLE_X86_64
    const cpu_features cpu = detect_cpu();
    if (cpu.avx2) sets.push_back(&avx2_kernels);
    if (cpu.avx512_vnni) sets.push_back(&avx512_vnni_kernels);
#endif
    return sets;
}

}  // namespace nibble::test
