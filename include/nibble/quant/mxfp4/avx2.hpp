// SPDX-License-Identifier: Apache-2.0
// MXFP4 for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/mxfp4/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<mxfp4> {
    static constexpr int row_offset = mxfp4::offset;

    template <int>
    static __m256i codes(const mxfp4::block& block) noexcept {
        return _mm256_shuffle_epi8(avx2::splat128(mxfp4::codes), nibbles(block.qs));
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_unsigned(codes, q); }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
