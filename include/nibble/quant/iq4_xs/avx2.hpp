// SPDX-License-Identifier: Apache-2.0
// IQ4_XS for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/iq4_xs/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<iq4_xs> {
    static constexpr int row_offset = 0;  // taken off by multiply_signed

    template <int J>
    static __m256i codes(const iq4_xs::block& block) noexcept {
        return look_up(iq4_nl::codes, nibbles(block.qs + 16 * J));
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_signed(codes, q); }

    static scale_pair scales(const iq4_xs::block& a, const iq4_xs::block& b) noexcept {
        const __m256i both = _mm256_packs_epi32(scales(a), scales(b));  // a 0-3, b 0-3 | a 4-7, b 4-7
        return {_mm256_permute4x64_epi64(both, _MM_SHUFFLE(2, 0, 2, 0)),
                _mm256_permute4x64_epi64(both, _MM_SHUFFLE(3, 1, 3, 1)), _mm256_setzero_si256()};
    }

private:
    /// The eight scales as int32.
    static __m256i scales(const iq4_xs::block& block) noexcept {
        const __m256i fours = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28), twos = _mm256_srli_epi32(fours, 1);
        const __m256i low = _mm256_srlv_epi32(avx2::splat32(block.scales_l), fours);
        const __m256i high = _mm256_srlv_epi32(_mm256_set1_epi32(avx2::load_bits<2>(block.scales_h)), twos);
        const __m256i six = _mm256_or_si256(_mm256_and_si256(low, _mm256_set1_epi32(15)),
                                            _mm256_slli_epi32(_mm256_and_si256(high, _mm256_set1_epi32(3)), 4));
        return _mm256_sub_epi32(six, _mm256_set1_epi32(32));
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
