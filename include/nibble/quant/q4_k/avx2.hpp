// SPDX-License-Identifier: Apache-2.0
// Q4_K for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/q4_k/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<q4_k> {
    static constexpr int row_offset = q4_k::offset;
    static constexpr float m_sign = -1;

    template <int J>
    static __m256i codes(const q4_k::block& block) noexcept {
        const __m256i bytes = avx2::load(block.qs + J / 2 * 32);
        const __m256i nibble = J % 2 ? _mm256_srli_epi16(bytes, 4) : bytes;
        return _mm256_and_si256(nibble, _mm256_set1_epi8(15));
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_unsigned(codes, q); }

    static scale_pair scales(const q4_k::block& a, const q4_k::block& b) noexcept {
        return unpack_scales12_avx2(&a, &b);
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
