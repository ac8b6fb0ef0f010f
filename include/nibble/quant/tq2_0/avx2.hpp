// SPDX-License-Identifier: Apache-2.0
// TQ2_0 for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/tq2_0/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<tq2_0> {
    static constexpr int row_offset = tq2_0::offset;

    template <int J>
    static __m256i codes(const tq2_0::block& block) noexcept {
        return two_bits<J>(block.qs);
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_unsigned(codes, q); }
    static scale_pair scales(const tq2_0::block&, const tq2_0::block&) noexcept { return scales_of_one(); }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
