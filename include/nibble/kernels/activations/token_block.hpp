// SPDX-License-Identifier: Apache-2.0
// One block of a token's activations in the order that the AVX2 and AVX-512 kernels read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <nibble/quant/activation.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels::activations_avx2 {

/// One block of a token as the AVX2 kernels read it: a quant::activation_block with its groups in the order 0, 2, 4,
/// ..., 1, 3, 5, ..., so that the two groups of a sub-block of 32 fall into the same lane of the low and the high half
/// of a vector; `sum32[j]` is the sum of groups 2j and 2j + 1, for formats with one min for 32 values. Aligned so that
/// no vector of a block is split between two cache lines.
template <std::size_t N>
struct alignas(32) token_block {
    static constexpr std::size_t groups = N / quant::sub_size;

    std::int8_t q[N];
    std::int16_t k[groups];
    std::int16_t sum[groups];
    std::int16_t sum32[groups / 2];
    float d;

    /// Where group i stands in `k` and `sum`.
    [[nodiscard]] static constexpr std::size_t slot(std::size_t i) noexcept { return i / 2 + i % 2 * (groups / 2); }
};

/// The block of `x` as quant::quantize_block makes it.
template <std::size_t N>
inline void quantize_plainly(const float* x, token_block<N>& out) noexcept {
    quant::activation_block<N> block;
    quant::quantize_block<N>(x, block);
    std::memcpy(out.q, block.q, N);
    for (std::size_t i = 0; i < out.groups; ++i) {
        out.k[out.slot(i)] = block.k[i];
        out.sum[out.slot(i)] = block.sum[i];
    }
    for (std::size_t j = 0; j < out.groups / 2; ++j)
        out.sum32[j] = static_cast<std::int16_t>(block.sum[2 * j] + block.sum[2 * j + 1]);
    out.d = block.d;
}

}  // namespace kernels::activations_avx2
NIBBLE_NAMESPACE_END
