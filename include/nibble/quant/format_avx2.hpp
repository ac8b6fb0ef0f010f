// SPDX-License-Identifier: Apache-2.0
// What the AVX2 kernels ask of a format: its codes as bytes in a register, its scales and mins as 16-bit lanes.
#pragma once

#include <nibble/quant/format.hpp>
#include <nibble/simd/avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// The scales of two K-format blocks, as 16-bit lanes.
struct scale_pair {
    __m256i first, second;  ///< of each: groups 0, 2, .. 14 in the low half, 1, 3, .. 15 in the high half
    __m256i mins;  ///< of the sub-blocks of 32: the first block's eight in the low half, the second's in the high
};

/// Specialised once per format, in its folder:
///   codes<J>(block)  the 32 codes of sub-block J, in order, unsigned bytes
///   multiply(codes, q)  products with 32 activations, neighbours added: 16 lanes of int16. Most formats use
///                    `multiply_unsigned`; their codes are at most 63, so a lane is at most 2 * 63 * 127 = 16,002
///   row_offset       what the row kernel takes off every code after `multiply`
///   scales(a, b)     K formats: the scale_pair of two blocks; decoding two costs little more than one
///   m_sign           formats with a min: -1 where the min is subtracted
template <class F>
struct avx2_format;

inline __m256i multiply_unsigned(__m256i codes, __m256i q) noexcept { return _mm256_maddubs_epi16(codes, q); }

/// Indices that bring the scales of a scale_pair into its order: groups 0, 2, .. 14, then 1, 3, .. 15.
inline __m128i evens_then_odds() noexcept {
    return _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
}

/// 16 bytes of nibbles as 32 codes: the low nibbles, then the high ones.
inline __m256i nibbles(const std::uint8_t* qs) noexcept {
    const __m128i bytes = avx2::load128(qs);
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(bytes), _mm_srli_epi16(bytes, 4), 1);
    return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

/// power_of_two of four exponents.
inline __m128 powers_of_two(__m128i exponents) noexcept {
    const __m128i twice =
        _mm_max_epi32(_mm_slli_epi32(exponents, 23), _mm_set1_epi32(1 << 22));  // 0: 2^-127, subnormal
    const __m128i nan = _mm_cmpeq_epi32(exponents, _mm_set1_epi32(255));
    return _mm_mul_ps(_mm_castsi128_ps(_mm_or_si128(twice, nan)), _mm_set1_ps(0.5f));
}

/// 32 bits as 32 bytes: 16 where the bit is set.
inline __m256i fifth_bits(const std::uint8_t* qh) noexcept {
    const __m256i spread =
        _mm256_shuffle_epi8(avx2::splat32(qh), _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2,
                                                                2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3));
    const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ull));
    const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, bit), bit);
    return _mm256_and_si256(set, _mm256_set1_epi8(16));
}

/// The scales12 fields of two blocks of Q4_K or Q5_K: 8 scales and 8 mins of 6 bits each.
/// A block begins with 16 bytes: d, dmin, and three words s0 s1 s2 of scales12.
inline scale_pair unpack_scales12_avx2(const void* a, const void* b) noexcept {
    const __m256i words = _mm256_inserti128_si256(_mm256_castsi128_si256(avx2::load128(a)), avx2::load128(b), 1);
    // words of a half: s0 & 63 | s2 & 15 | s1 & 63 | s2 >> 4 & 15, then the two high bits of words 1 and 3 from s0 and
    // s1
    __m256i low = _mm256_shuffle_epi32(words, _MM_SHUFFLE(3, 2, 3, 1));
    low = _mm256_srlv_epi32(low, _mm256_setr_epi32(0, 0, 0, 4, 0, 0, 0, 4));
    low = _mm256_and_si256(low, _mm256_set1_epi64x(0x0f0f0f0f3f3f3f3f));
    __m256i high = _mm256_srli_epi32(_mm256_shuffle_epi32(words, _MM_SHUFFLE(2, 2, 1, 1)), 2);
    high = _mm256_and_si256(high, _mm256_set1_epi64x(0x3030303000000000));
    const __m256i bytes = _mm256_or_si256(low, high), zero = _mm256_setzero_si256();
    return {_mm256_unpacklo_epi8(_mm256_permute4x64_epi64(bytes, 0x00), zero),
            _mm256_unpacklo_epi8(_mm256_permute4x64_epi64(bytes, 0xaa), zero), _mm256_unpackhi_epi8(bytes, zero)};
}

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
