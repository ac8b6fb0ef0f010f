// SPDX-License-Identifier: Apache-2.0
// Activations of a token as gemv of AVX-512 reads them: each number where a broadcast to all lanes finds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <nibble/kernels/activations/avx2.hpp>
#include <nibble/simd/avx512.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX512_VNNI
NIBBLE_NAMESPACE_BEGIN
namespace kernels::activations_avx512 {

/// One block of N activations of one token.
template <std::size_t N>
struct alignas(64) token_block {
    static constexpr std::size_t groups = N / quant::sub_size;

    std::int8_t q[N];
    std::int32_t k[groups];          ///< by group, and so is the next
    std::int32_t minus_sum[groups];  ///< minus the sum of q
    std::int16_t sum[groups];        ///< as in activations_avx2::token_block, and so are the next
    std::int16_t sum32[groups / 2];
    float d;
};

/// A token of n blocks is n of token_block, and where n more would lie the same values as AVX2 reads them: it is faster
/// for one token alone.
template <std::size_t N>
inline constexpr std::size_t block_bytes = 2 * sizeof(token_block<N>);
static_assert(sizeof(activations_avx2::token_block<256>) <= sizeof(token_block<256>));
static_assert(sizeof(activations_avx2::token_block<32>) <= sizeof(token_block<32>));

/// quantize_row_function.
template <std::size_t N>
inline void quantize_row(const float* x, std::size_t depth, void* out) noexcept {
    const std::size_t n_blocks = depth / N;
    auto* blocks = static_cast<token_block<N>*>(out);
    auto* for_avx2 = reinterpret_cast<activations_avx2::token_block<N>*>(blocks + n_blocks);
    activations_avx2::quantize_row<N>(x, depth, for_avx2);
    for (std::size_t b = 0; b < n_blocks; ++b) {
        const activations_avx2::token_block<N>& from = for_avx2[b];
        token_block<N>& to = blocks[b];
        for (std::size_t i = 0; i < to.groups; ++i) {
            const std::size_t at = from.slot(i);
            to.k[i] = from.k[at];
            to.minus_sum[i] = -from.sum[at] / from.k[at];
        }
        std::memcpy(to.q, from.q, sizeof to.q);
        std::memcpy(to.sum, from.sum, sizeof to.sum);
        std::memcpy(to.sum32, from.sum32, sizeof to.sum32);
        to.d = from.d;
    }
}

}  // namespace kernels::activations_avx512
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
