// SPDX-License-Identifier: Apache-2.0
// Q5_1 for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/q5_1/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<q5_1> {
    static constexpr float m_sign = 1;
    template <int>
    static code_pair codes(const q5_1::block& block) noexcept {
        const code_pair low = nibble_pair(block.qs), high = fifth_bit_pair(block.qh);
        return {low.first | high.first, low.second | high.second};
    }
    static const std::uint8_t* min_half(const q5_1::block& block) noexcept { return block.m; }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
