// SPDX-License-Identifier: Apache-2.0
// Q5_0 for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/q5_0/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<q5_0> {
    static constexpr int row_offset = q5_0::offset;

    template <int>
    static __m256i codes(const q5_0::block& block) noexcept {
        return _mm256_or_si256(nibbles(block.qs), fifth_bits(block.qh));
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_unsigned(codes, q); }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
