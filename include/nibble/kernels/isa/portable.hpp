// SPDX-License-Identifier: Apache-2.0
// The set of the vectors that every machine has: SSE2, NEON, or what the compiler makes of arrays.
#pragma once

#include <nibble/kernels/attention/portable.hpp>
#include <nibble/kernels/elementwise/portable.hpp>
#include <nibble/kernels/gemm/cells.hpp>
#include <nibble/kernels/gemm/portable.hpp>
#include <nibble/kernels/gemv/floats_portable.hpp>
#include <nibble/kernels/gemv/portable.hpp>
#include <nibble/kernels/isa/scalar.hpp>
#include <nibble/quant/formats_portable.hpp>

NIBBLE_NAMESPACE_BEGIN

inline constexpr kernel_set portable_kernels = [] {
    using micro_kernel = kernels::gemm_portable::micro_kernel;
    kernel_set set = scalar_kernels;
    set.name = "portable";
    set.runs_on = [](const cpu_features& cpu) noexcept { return cpu.portable; };
    set.gemv_rows = 4;
    set.gemm_rows = micro_kernel::row_group;
    set.passes = {1.3f, 2.5f, 4.5f, 9.3f};
    set.activations[0].quantize_row = kernels::activations_portable::quantize_row<256>;
    set.activations[0].block_bytes = sizeof(kernels::activations_portable::token_block<256>);
    set.activations[1].quantize_row = kernels::activations_portable::quantize_row<32>;
    set.activations[1].block_bytes = sizeof(kernels::activations_portable::token_block<32>);
    kernels::multiply_tokens_with<micro_kernel>(set, 3);
    quant::for_each_format([&set]<class F>(std::size_t index) {
        if constexpr (quant::block_format<F>)
            set.formats[index].gemv = kernels::gemv_portable::gemv<F>;
        else
            set.formats[index].gemv = kernels::gemv_portable::gemv_floats<F>;
    });
    set.attention = {kernels::attention_portable::table<q16_cache>, kernels::attention_portable::table<f16_cache>,
                     kernels::attention_portable::table<q8_cache>};
    set.elementwise = kernels::elementwise_portable::table;
    return set;
}();

NIBBLE_NAMESPACE_END
