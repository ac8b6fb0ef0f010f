// SPDX-License-Identifier: Apache-2.0
// Q6_K for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/q6_k/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<q6_k> {
    template <int J>
    static code_pair codes(const q6_k::block& block) noexcept {
        return {codes16<J>(block, 0), codes16<J>(block, 16)};
    }

    static scale_lanes scales(const q6_k::block& block) noexcept {
        const portable::u8x16 signs = portable::splat<std::uint8_t>(0x80);
        const portable::u8x16 bytes = portable::load(reinterpret_cast<const std::uint8_t*>(block.scales)) ^ signs;
        const portable::i16x8 middle = portable::splat<std::int16_t>(128);
        const portable::i16x8 zero = portable::splat<std::int16_t>(0);
        return {portable::widen_low(bytes) - middle, portable::widen_high(bytes) - middle, zero, zero};
    }

private:
    template <int J>
    static portable::u8x16 codes16(const q6_k::block& block, std::size_t from) noexcept {
        constexpr int half = J / 4, k = J % 4;
        const portable::u8x16 low = portable::load(block.ql + 64 * half + 32 * (k % 2) + from);
        const portable::u8x16 high = portable::load(block.qh + 32 * half + from);
        return portable::bits<k / 2 * 4, 4, 0>(low) | portable::bits<2 * k, 2, 4>(high);
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
