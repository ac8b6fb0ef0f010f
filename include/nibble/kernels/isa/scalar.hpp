// SPDX-License-Identifier: Apache-2.0
// The scalar set: the specification itself, in plain C++, which every other set starts from and equals bit for bit.
#pragma once

#include <nibble/kernels/attention/attention.hpp>
#include <nibble/kernels/gemm/cells.hpp>
#include <nibble/kernels/gemm/scalar.hpp>
#include <nibble/kernels/kernel_set.hpp>

NIBBLE_NAMESPACE_BEGIN

inline constexpr kernel_set scalar_kernels = [] {
    using micro_kernel = kernels::gemm_scalar::micro_kernel;
    kernel_set set{.name = "scalar",
                   .runs_on = [](const cpu_features&) noexcept { return true; },
                   .token_group = {},
                   .gemv_rows = 1,
                   .gemm_rows = micro_kernel::row_group,
                   .rows_at_once = 384,
                   .passes = {4.0f, 4.2f, 7.6f, 14.4f},
                   .activations = {},
                   .formats = {},
                   .attention = {kernels::attention_scalar::table<q16_cache>,
                                 kernels::attention_scalar::table<f16_cache>,
                                 kernels::attention_scalar::table<q8_cache>},
                   .elementwise = kernels::elementwise_scalar::table};
    set.activations[0].quantize_row = kernels::activations_scalar::quantize_row<256>;
    set.activations[0].block_bytes = sizeof(quant::activation_block<256>);
    set.activations[1].quantize_row = kernels::activations_scalar::quantize_row<32>;
    set.activations[1].block_bytes = sizeof(quant::activation_block<32>);
    quant::for_each_format([&set]<class F>(std::size_t index) {
        set.formats[index] = {.type = F::type,
                              .form = activation_form::floats,
                              .dequantize_row = kernels::dequantize_row<F>,
                              .gemv = kernels::gemv_scalar::gemv<F>,
                              .gemm = nullptr};
        if constexpr (quant::block_format<F>) {
            set.formats[index].form =
                F::block_size == 256 ? activation_form::blocks_of_256 : activation_form::blocks_of_32;
        }
    });
    kernels::multiply_tokens_with<micro_kernel>(set, 2);
    return set;
}();

NIBBLE_NAMESPACE_END
