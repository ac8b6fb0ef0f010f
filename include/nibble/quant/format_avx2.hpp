// SPDX-License-Identifier: Apache-2.0
// What the AVX2 kernels ask of a format: its codes as bytes in a register, its scales and mins as 16-bit lanes.
#pragma once

#include <nibble/quant/format.hpp>
#include <nibble/simd/avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// Specialised once per format, in its folder:
///   codes<J>(block)  the 32 codes of sub-block J, in order, unsigned bytes
///   multiply(codes, q)  products with 32 activations, neighbours added: 16 lanes of int16. Most formats use
///                    `multiply_unsigned`; their codes are at most 63, so a lane is at most 2 * 63 * 127 = 16,002
///   row_offset       what the row kernel takes off every code after `multiply`
///   scales(block)    formats with scales: int16, groups 0, 2, .. 14 in the low half, 1, 3, .. 15 in the high half
///   mins(block)      K formats with a min: int16, one for each of the 8 sub-blocks of 32
///   d_at, m_at       where the block's halves stand; m_sign is -1 where the format subtracts its min
template <class F>
struct avx2_format;

inline __m256i multiply_unsigned(__m256i codes, __m256i q) noexcept { return _mm256_maddubs_epi16(codes, q); }

/// 16 bytes of nibbles as 32 codes: the low nibbles, then the high ones.
inline __m256i nibbles(const std::uint8_t* qs) noexcept {
    const __m128i bytes = avx2::load128(qs);
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(bytes), _mm_srli_epi16(bytes, 4), 1);
    return _mm256_and_si256(both, _mm256_set1_epi8(15));
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

/// The scales12 field of Q4_K and Q5_K: 8 scales in the low half, 8 mins in the high half, as int16.
/// `header` is the block's first 16 bytes (d, dmin, three words s0 s1 s2 of scales12).
inline __m256i unpack_scales12_avx2(const void* header) noexcept {
    const __m128i words = avx2::load128(header);
    // lanes: s0 & 63 | s2 & 15 | s1 & 63 | s2 >> 4 & 15, then the two high bits of lanes 1 and 3 from s0 and s1
    __m128i low = _mm_shuffle_epi32(words, _MM_SHUFFLE(3, 2, 3, 1));
    low = _mm_srlv_epi32(low, _mm_setr_epi32(0, 0, 0, 4));
    low = _mm_and_si128(low, _mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f));
    __m128i high = _mm_srli_epi32(_mm_shuffle_epi32(words, _MM_SHUFFLE(2, 2, 1, 1)), 2);
    high = _mm_and_si128(high, _mm_setr_epi32(0, 0x30303030, 0, 0x30303030));
    return _mm256_cvtepu8_epi16(_mm_or_si128(low, high));
}

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
