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
    set.gemv_rows = kernels::gemv_avx512::tile_rows;
    set.passes = {1.2f, 1.5f, 2.2f, 4.1f};
    set.activations[0].quantize_row = kernels::activations_avx512::quantize_row<256>;
    set.activations[0].block_bytes = kernels::activations_avx512::block_bytes<256>;
    set.activations[1].quantize_row = kernels::activations_avx512::quantize_row<32>;
    set.activations[1].block_bytes = kernels::activations_avx512::block_bytes<32>;
    kernels::multiply_tokens_with<kernels::gemm_avx512::micro_kernel>(set, 33);
    quant::for_each_format([&set]<class F>(std::size_t index) {
        if constexpr (quant::block_format<F>) set.formats[index].gemv = kernels::gemv_avx512::gemv<F>;
    });
    return set;
}();

NIBBLE_NAMESPACE_END

#endif
