// SPDX-License-Identifier: Apache-2.0
// The sets of 64-bit Arm: NEON, which every processor has, with dotprod, and with i8mm.
#pragma once

#include <nibble/kernels/gemm/cells.hpp>
#include <nibble/kernels/gemm/neon.hpp>
#include <nibble/kernels/gemv/neon.hpp>
#include <nibble/kernels/isa/portable.hpp>
#include <nibble/quant/formats_portable.hpp>

#if NIBBLE_AARCH64

NIBBLE_NAMESPACE_BEGIN

/// Many tokens, attention and the elementwise operations are the portable ones: vectors of NEON already. So are the
/// costs of passes, which were not measured on Arm.
inline constexpr kernel_set neon_kernels = [] {
    kernel_set set = portable_kernels;
    set.name = "neon";
    set.runs_on = [](const cpu_features& cpu) noexcept { return cpu.neon; };
    set.activations[0].quantize_row = kernels::activations_neon::quantize_row<256>;
    set.activations[0].block_bytes = sizeof(kernels::activations_neon::token_block<256>);
    set.activations[1].quantize_row = kernels::activations_neon::quantize_row<32>;
    set.activations[1].block_bytes = sizeof(kernels::activations_neon::token_block<32>);
    quant::for_each_format([&set]<class F>(std::size_t index) {
        if constexpr (quant::block_format<F>) set.formats[index].gemv = kernels::gemv_neon::gemv<F>;
    });
    return set;
}();

inline constexpr kernel_set neon_dotprod_kernels = [] {
    kernel_set set = neon_kernels;
    set.name = "neon-dotprod";
    set.runs_on = [](const cpu_features& cpu) noexcept { return cpu.neon_dotprod; };
    set.gemm_rows = kernels::gemm_neon::row_group;
    kernels::multiply_tokens_with<kernels::gemm_neon_dotprod::micro_kernel>(set, 4);
    quant::for_each_format([&set]<class F>(std::size_t index) {
        if constexpr (quant::block_format<F>) set.formats[index].gemv = kernels::gemv_neon_dotprod::gemv<F>;
    });
    return set;
}();

inline constexpr kernel_set neon_i8mm_kernels = [] {
    kernel_set set = neon_dotprod_kernels;
    set.name = "neon-i8mm";
    set.runs_on = [](const cpu_features& cpu) noexcept { return cpu.neon_i8mm; };
    kernels::multiply_tokens_with<kernels::gemm_neon_i8mm::micro_kernel>(set, 3);
    return set;
}();

NIBBLE_NAMESPACE_END

#endif
