// SPDX-License-Identifier: Apache-2.0
// IQ4_NL for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/iq4_nl/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<iq4_nl> {
    static constexpr int row_offset = 0;  // taken off by multiply_signed

    template <int>
    static __m256i codes(const iq4_nl::block& block) noexcept {
        return look_up(iq4_nl::codes, nibbles(block.qs));
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_signed(codes, q); }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
