// SPDX-License-Identifier: Apache-2.0
// The set of AVX2 with FMA and F16C.
#pragma once

#include <nibble/kernels/attention/avx2.hpp>
#include <nibble/kernels/elementwise/avx2.hpp>
#include <nibble/kernels/gemm/avx2.hpp>
#include <nibble/kernels/gemm/cells.hpp>
#include <nibble/kernels/gemv/avx2.hpp>
#include <nibble/kernels/gemv/floats_avx2.hpp>
#include <nibble/kernels/isa/scalar.hpp>
#include <nibble/quant/formats_avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_NAMESPACE_BEGIN

inline constexpr kernel_set avx2_kernels = [] {
    kernel_set set = scalar_kernels;
    set.name = "avx2";
    set.runs_on = [](const cpu_features& cpu) noexcept { return cpu.avx2; };
    set.gemv_rows = 4;
    set.gemm_rows = 48;  // of 6 rows a tile, and 8 that are stored together
    set.passes = {1.7f, 3.0f, 4.9f, 6.4f};
    set.activations[0].quantize_row = kernels::activations_avx2::quantize_row<256>;
    set.activations[0].block_bytes = sizeof(kernels::activations_avx2::token_block<256>);
    set.activations[1].quantize_row = kernels::activations_avx2::quantize_row<32>;
    set.activations[1].block_bytes = sizeof(kernels::activations_avx2::token_block<32>);
    kernels::multiply_tokens_with<kernels::gemm_avx2::micro_kernel>(set, 7);
    quant::for_each_format([&set]<class F>(std::size_t index) {
        if constexpr (quant::block_format<F>)
            set.formats[index].gemv = kernels::gemv_avx2::gemv<F>;
        else
            set.formats[index].gemv = kernels::gemv_avx2::gemv_floats<F>;
    });
    set.attention = {kernels::attention_avx2::table<q16_cache>, kernels::attention_avx2::table<f16_cache>,
                     kernels::attention_avx2::table<q8_cache>};
    set.elementwise = kernels::elementwise_avx2::table;
    return set;
}();

NIBBLE_NAMESPACE_END

#endif
