// SPDX-License-Identifier: Apache-2.0
// TQ1_0 for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/tq1_0/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<tq1_0> {
    static constexpr int row_offset = tq1_0::offset;

    template <int J>
    static __m256i codes(const tq1_0::block& block) noexcept {
        if constexpr (J < 5) {
            return first_digit(shifted<J>(avx2::load(block.qs)));
        } else {
            const __m256i bytes = avx2::splat128(block.qs + 32);
            if constexpr (J == 5) return first_digit(join(bytes, shifted<1>(bytes)));
            if constexpr (J == 6) return first_digit(join(shifted<2>(bytes), shifted<3>(bytes)));
            const __m256i four = avx2::splat32(block.qh), by9 = shifted<2>(four);
            const __m256i last = _mm256_unpacklo_epi64(_mm256_unpacklo_epi32(four, shifted<1>(four)),
                                                       _mm256_unpacklo_epi32(by9, shifted<1>(by9)));
            return first_digit(join(shifted<4>(bytes), last));
        }
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_unsigned(codes, q); }
    static scale_pair scales(const tq1_0::block&, const tq1_0::block&) noexcept { return scales_of_one(); }

private:
    /// Every fraction times 3^N, without what comes before the point.
    template <int N>
    static __m256i shifted(__m256i fractions) noexcept {
        if constexpr (N > 0)
            fractions = shifted<N - 1>(_mm256_add_epi8(fractions, _mm256_add_epi8(fractions, fractions)));
        return fractions;
    }
    static __m256i join(__m256i low, __m256i high) noexcept { return _mm256_blend_epi32(low, high, 0xf0); }

    /// 3 b / 256, rounded down, of every byte. The averages, which round up, of b - 1 are 3 b / 4, rounded down, or one
    /// less, and reach 64 and 128 with it: at 86 and 171.
    static __m256i first_digit(__m256i b) noexcept {
        const __m256i less = _mm256_subs_epu8(b, _mm256_set1_epi8(1));
        const __m256i three_quarters = _mm256_avg_epu8(less, _mm256_avg_epu8(less, _mm256_setzero_si256()));
        return _mm256_and_si256(_mm256_srli_epi16(three_quarters, 6), _mm256_set1_epi8(3));
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
