// SPDX-License-Identifier: Apache-2.0
// Q8_0 for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/q8_0/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<q8_0> {
    /// The row kernel multiplies the signed weights themselves: |w| * (x with the sign of w). Codes up to 255 would
    /// saturate: 2 * 255 * 127 > 32,767, while 2 * 128 * 127 = 32,512.
    static constexpr int row_offset = 0;

    template <int>
    static __m256i codes(const q8_0::block& block) noexcept {
        return _mm256_xor_si256(avx2::load(block.qs), _mm256_set1_epi8(static_cast<char>(0x80)));
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept {
        const __m256i weights = _mm256_xor_si256(codes, _mm256_set1_epi8(static_cast<char>(0x80)));
        return _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(q, weights));
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
