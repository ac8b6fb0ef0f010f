// SPDX-License-Identifier: Apache-2.0
// Q4_1 for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/q4_1/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<q4_1> {
    static constexpr float m_sign = 1;
    template <int>
    static code_pair codes(const q4_1::block& block) noexcept {
        return nibble_pair(block.qs);
    }
    static const std::uint8_t* min_half(const q4_1::block& block) noexcept { return block.m; }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
