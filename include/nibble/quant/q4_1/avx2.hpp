// SPDX-License-Identifier: Apache-2.0
// Q4_1 for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/q4_1/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<q4_1> {
    static constexpr int row_offset = q4_1::offset;
    static constexpr float m_sign = 1;

    template <int>
    static __m256i codes(const q4_1::block& block) noexcept {
        return nibbles(block.qs);
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_unsigned(codes, q); }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
