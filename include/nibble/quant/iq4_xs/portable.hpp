// SPDX-License-Identifier: Apache-2.0
// IQ4_XS for the portable kernels.
#pragma once

#include <cstdint>
#include <cstring>

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/iq4_xs/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<iq4_xs> {
    template <int J>
    NIBBLE_INLINE static code_pair codes(const iq4_xs::block& block) noexcept {
        return look_up_pair<iq4_nl::codes>(block.qs + 16 * J);
    }

    static scale_lanes scales(const iq4_xs::block& block) noexcept {
        std::uint32_t l;
        std::uint16_t h;
        std::memcpy(&l, block.scales_l, 4);
        std::memcpy(&h, block.scales_h, 2);
        // nibbles, and pairs of bits, to a byte each: halves are moved apart until each field has its byte
        std::uint64_t low = l, high = h;
        low = (low | low << 16) & 0x0000ffff0000ffff;
        low = (low | low << 8) & 0x00ff00ff00ff00ff;
        low = (low | low << 4) & 0x0f0f0f0f0f0f0f0f;
        high = (high | high << 24) & 0x000000ff000000ff;
        high = (high | high << 12) & 0x000f000f000f000f;
        high = (high | high << 6) & 0x0303030303030303;
        const portable::i16x8 zero = portable::splat<std::int16_t>(0);
        return {portable::widen_low(portable::from_words(low | high << 4, 0)) - portable::splat<std::int16_t>(32), zero,
                zero, zero};
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
