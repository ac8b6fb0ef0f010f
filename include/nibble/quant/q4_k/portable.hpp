// SPDX-License-Identifier: Apache-2.0
// Q4_K for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/q4_k/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<q4_k> {
    static constexpr float m_sign = -1;

    template <int J>
    static code_pair codes(const q4_k::block& block) noexcept {
        const auto nibble = [](const std::uint8_t* p) { return portable::bits<J % 2 * 4, 4, 0>(portable::load(p)); };
        const std::uint8_t* qs = block.qs + J / 2 * 32;
        return {nibble(qs), nibble(qs + 16)};
    }

    static scale_lanes scales(const q4_k::block& block) noexcept { return unpack_scales12_portable(block.scales); }
    static const std::uint8_t* min_half(const q4_k::block& block) noexcept { return block.dmin; }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
