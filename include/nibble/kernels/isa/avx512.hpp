// SPDX-License-Identifier: Apache-2.0
// The set of AVX-512 F, BW, VL, DQ and VNNI. Few tokens stay with AVX2: memory bounds them more than instructions do.
#pragma once

#include <nibble/kernels/gemm/avx512.hpp>
#include <nibble/kernels/isa/avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_NAMESPACE_BEGIN

inline constexpr kernel_set avx512_vnni_kernels = [] {
    using micro_kernel = kernels::gemm_avx512::micro_kernel;
    kernel_set set = avx2_kernels;
    set.name = "avx512-vnni";
    set.runs_on = [](const cpu_features& cpu) noexcept { return cpu.avx512_vnni; };
    set.token_group = micro_kernel::token_group;
    kernels::pack_tokens_with<micro_kernel>(set.activations);
    quant::for_each_format([&set]<class F>(std::size_t index) {
        if constexpr (quant::block_format<F>) set.formats[index].gemm = kernels::gemm<micro_kernel, F>;
    });
    return set;
}();

NIBBLE_NAMESPACE_END

#endif
