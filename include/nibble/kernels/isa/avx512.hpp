// SPDX-License-Identifier: Apache-2.0
// The set of AVX-512 F, BW, VL, DQ and VNNI. Few tokens stay with AVX2: memory bounds them more than instructions do.
#pragma once

#include <nibble/kernels/gemm/avx512.hpp>
#include <nibble/kernels/gemm/cells.hpp>
#include <nibble/kernels/isa/avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_NAMESPACE_BEGIN

inline constexpr kernel_set avx512_vnni_kernels = [] {
    kernel_set set = avx2_kernels;
    set.name = "avx512-vnni";
    set.runs_on = [](const cpu_features& cpu) noexcept { return cpu.avx512_vnni; };
    kernels::multiply_tokens_with<kernels::gemm_avx512::micro_kernel>(set);
    return set;
}();

NIBBLE_NAMESPACE_END

#endif
