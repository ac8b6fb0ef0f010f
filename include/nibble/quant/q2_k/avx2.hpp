// SPDX-License-Identifier: Apache-2.0
// Q2_K for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/q2_k/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<q2_k> {
    static constexpr int row_offset = q2_k::offset;
    static constexpr float m_sign = -1;

    template <int J>
    static __m256i codes(const q2_k::block& block) noexcept {
        return two_bits<J>(block.qs);
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_unsigned(codes, q); }

    static scale_pair scales(const q2_k::block& a, const q2_k::block& b) noexcept {
        return {widen(avx2::load128(a.scales)), widen(avx2::load128(b.scales)), _mm256_setzero_si256()};
    }
    static __m256i mins(const q2_k::block& block) noexcept {
        return widen(_mm_srli_epi16(avx2::load128(block.scales), 4));
    }

private:
    /// The low nibbles in the order of a scale_pair.
    static __m256i widen(__m128i bytes) noexcept {
        return _mm256_cvtepu8_epi16(_mm_shuffle_epi8(_mm_and_si128(bytes, _mm_set1_epi8(15)), evens_then_odds()));
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
