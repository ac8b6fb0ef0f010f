// SPDX-License-Identifier: Apache-2.0
// Q5_K for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/q5_k/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<q5_k> {
    static constexpr float m_sign = -1;

    template <int J>
    static code_pair codes(const q5_k::block& block) noexcept {
        const auto nibble = [](const std::uint8_t* p) { return portable::bits<J % 2 * 4, 4, 0>(portable::load(p)); };
        const std::uint8_t* qs = block.qs + J / 2 * 32;
        const auto fifth = [](const std::uint8_t* p) { return portable::bits<J, 1, 4>(portable::load(p)); };
        return {nibble(qs) | fifth(block.qh), nibble(qs + 16) | fifth(block.qh + 16)};
    }

    static scale_lanes scales(const q5_k::block& block) noexcept { return unpack_scales12_portable(block.scales); }
    static const std::uint8_t* min_half(const q5_k::block& block) noexcept { return block.dmin; }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
