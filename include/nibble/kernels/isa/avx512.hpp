// SPDX-License-Identifier: Apache-2.0
// The set of AVX-512 F, BW, VL, DQ and VNNI. One token stays with AVX2: memory bounds it more than instructions do.
#pragma once

#include <nibble/kernels/gemm/avx512.hpp>
#include <nibble/kernels/gemm/cells.hpp>
#include <nibble/kernels/gemv/avx512.hpp>
#include <nibble/kernels/isa/avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_NAMESPACE_BEGIN

inline constexpr kernel_set avx512_vnni_kernels = [] {
    kernel_set set = avx2_kernels;
    set.name = "avx512-vnni";
    set.runs_on = [](const cpu_features& cpu) noexcept { return cpu.avx512_vnni; };
    set.activations[0].quantize_row = kernels::activations_avx512::quantize_row;
    set.activations[0].block_bytes = kernels::activations_avx512::block_bytes;
    kernels::multiply_tokens_with<kernels::gemm_avx512::micro_kernel>(set, 7);
    set.activations[0].gemm_from = 33;  // a pass of 32 over the 3B shape: 1,034 ms of two threads, 1,230 with gemm
    quant::for_each_format([&set]<class F>(std::size_t index) {
        if constexpr (quant::block_format<F>)
            if constexpr (F::block_size == 256) set.formats[index].gemv = kernels::gemv_avx512::gemv<F>;
    });
    return set;
}();

NIBBLE_NAMESPACE_END

#endif
