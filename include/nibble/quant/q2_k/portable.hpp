// SPDX-License-Identifier: Apache-2.0
// Q2_K for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/q2_k/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<q2_k> {
    static constexpr float m_sign = -1;

    template <int J>
    static code_pair codes(const q2_k::block& block) noexcept {
        return two_bit_pair<J>(block.qs);
    }

    static scale_lanes scales(const q2_k::block& block) noexcept {
        const code_pair split = {portable::bits<0, 4, 0>(portable::load(block.scales)),
                                 portable::bits<4, 4, 0>(portable::load(block.scales))};
        return {portable::widen_low(split.first), portable::widen_high(split.first), portable::widen_low(split.second),
                portable::widen_high(split.second)};
    }
    static const std::uint8_t* min_half(const q2_k::block& block) noexcept { return block.dmin; }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
