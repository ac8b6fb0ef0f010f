// SPDX-License-Identifier: Apache-2.0
// Q3_K for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/q3_k/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<q3_k> {
    static constexpr int row_offset = q3_k::offset;

    template <int J>
    static __m256i codes(const q3_k::block& block) noexcept {
        const __m256i bits = avx2::load(block.hmask);  // bit J, moved to bit 2
        const __m256i high =
            J < 2 ? _mm256_slli_epi16(bits, J < 2 ? 2 - J : 0) : _mm256_srli_epi16(bits, J < 2 ? 0 : J - 2);
        return _mm256_or_si256(two_bits<J>(block.qs), _mm256_and_si256(high, _mm256_set1_epi8(4)));
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_unsigned(codes, q); }

    static scale_pair scales(const q3_k::block& a, const q3_k::block& b) noexcept {
        return {scales(a), scales(b), _mm256_setzero_si256()};
    }

private:
    static __m256i scales(const q3_k::block& block) noexcept {
        // the last 16 bytes of the block: two of qs, scales, d
        const __m128i bytes = avx2::load128(reinterpret_cast<const std::uint8_t*>(&block) + sizeof block - 16);
        const __m128i nibbles = _mm_srli_si128(bytes, 2), low = _mm_set1_epi8(15);
        const __m128i bits03 =
            _mm_unpacklo_epi64(_mm_and_si128(nibbles, low), _mm_and_si128(_mm_srli_epi16(nibbles, 4), low));
        // the four bytes of high bits once for every four groups, each time two bits further
        const __m128i four =
            _mm_shuffle_epi8(bytes, _mm_setr_epi8(10, 11, 12, 13, 10, 11, 12, 13, 10, 11, 12, 13, 10, 11, 12, 13));
        const __m128i bits45 = _mm_and_si128(_mm_srlv_epi32(four, _mm_setr_epi32(0, 2, 4, 6)), _mm_set1_epi8(3));
        const __m128i scales = _mm_sub_epi8(_mm_or_si128(bits03, _mm_slli_epi16(bits45, 4)), _mm_set1_epi8(32));
        return _mm256_cvtepi8_epi16(_mm_shuffle_epi8(scales, evens_then_odds()));
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
