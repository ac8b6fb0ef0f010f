// SPDX-License-Identifier: Apache-2.0
// One block of 256 activations of a token in the order that gemv of AVX-512 reads.
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

/// A group of 16 values, which have a sub-scale in common, takes one 32-bit lane of four vectors, so that four vpdpbusd
/// one after another leave its sum of products in that lane. Group 4 c + l is lane 4 l + c: what transposing each
/// 128-bit lane of four vectors of 64 values in a row gives.
struct alignas(64) token_block {
    std::int8_t q[4][16][4];     ///< q[n][lane]: values 4 n .. 4 n + 3 of the lane's group
    std::int16_t groups[16][2];  ///< by lane: k, and minus the sum of q
    std::int16_t sum[16];        ///< as in activations_avx2::token_block, and so are the next
    std::int16_t sum32[8];
    float d;
};

/// 16-bit lanes in the order of activations_avx2::token_block, one in each 32-bit lane in the order of token_block, the
/// high half of which is zero.
inline __m512i to_lanes(__m256i v) noexcept {
    // group 4 c + l is at (4 c + l) / 2, or 8 behind that if it is odd
    const __m512i from = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    return _mm512_maskz_permutexvar_epi16(0x55555555, from, _mm512_castsi256_si512(v));
}

/// A token of n blocks is n of token_block, and where n more would lie the same values as AVX2 reads them: it is faster
/// for one token alone.
inline constexpr std::size_t block_bytes = 2 * sizeof(token_block);
static_assert(sizeof(activations_avx2::token_block<256>) <= sizeof(token_block));

/// quantize_row_function of blocks of 256.
inline void quantize_row(const float* x, std::size_t depth, void* out) noexcept {
    const std::size_t n_blocks = depth / 256;
    auto* blocks = static_cast<token_block*>(out);
    auto* for_avx2 = reinterpret_cast<activations_avx2::token_block<256>*>(blocks + n_blocks);
    for (std::size_t b = 0; b < n_blocks; ++b) {
        activations_avx2::token_block<256>& block = for_avx2[b];
        activations_avx2::quantize_block<256>(x + 256 * b, block);
        __m512i q[4], sum = _mm512_setzero_si512();
        for (std::size_t n = 0; n < 4; ++n) q[n] = avx512::load(block.q + 64 * n);
        avx512::transpose4(q);
        for (std::size_t n = 0; n < 4; ++n) {
            _mm512_store_si512(blocks[b].q[n], q[n]);
            sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), q[n]);
        }
        const __m512i minus_sum = _mm512_maskz_slli_epi32(0xffff, _mm512_sub_epi32(_mm512_setzero_si512(), sum), 16);
        _mm512_store_si512(blocks[b].groups, _mm512_or_si512(to_lanes(avx2::load(block.k)), minus_sum));
        std::memcpy(blocks[b].sum, block.sum, sizeof block.sum);
        std::memcpy(blocks[b].sum32, block.sum32, sizeof block.sum32);
        blocks[b].d = block.d;
    }
}

}  // namespace kernels::activations_avx512
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
