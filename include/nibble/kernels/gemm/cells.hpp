// SPDX-License-Identifier: Apache-2.0
// The cells of a set that a micro-kernel fills: the product with many tokens, of every block format.
#pragma once

#include <cstddef>

#include <nibble/kernels/gemm/loops.hpp>
#include <nibble/kernels/kernel_set.hpp>
#include <nibble/quant/formats.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// Lets the micro-kernel K multiply `from` tokens and more, of every block format.
template <class K>
constexpr void multiply_tokens_with(kernel_set& set, std::size_t from) noexcept {
    set.token_group = K::token_group;
    set.activations[0].pack_tokens = &K::template pack_tokens<256>;
    set.activations[0].group_bytes = sizeof(typename K::template packed_tokens<256>);
    set.activations[0].gemm_from = set.activations[1].gemm_from = from;
    set.activations[1].pack_tokens = &K::template pack_tokens<32>;
    set.activations[1].group_bytes = sizeof(typename K::template packed_tokens<32>);
    quant::for_each_format([&set]<class F>(std::size_t index) {
        if constexpr (quant::block_format<F>) set.formats[index].gemm = gemm<K, F>;
    });
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
