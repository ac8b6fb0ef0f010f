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
    static constexpr int row_offset = 0;  // taken off by multiply_signed

    template <int>
    static __m256i codes(const q8_0::block& block) noexcept {
        return _mm256_xor_si256(avx2::load(block.qs), _mm256_set1_epi8(static_cast<char>(0x80)));
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_signed(codes, q); }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
