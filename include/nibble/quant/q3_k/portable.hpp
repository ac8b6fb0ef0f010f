// SPDX-License-Identifier: Apache-2.0
// Q3_K for the portable kernels.
#pragma once

#include <cstdint>
#include <cstring>

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/q3_k/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<q3_k> {
    template <int J>
    static code_pair codes(const q3_k::block& block) noexcept {
        const code_pair low = two_bit_pair<J>(block.qs);
        return {low.first | high_bits<J>(block.hmask), low.second | high_bits<J>(block.hmask + 16)};
    }

    static scale_lanes scales(const q3_k::block& block) noexcept {
        std::uint64_t low;   // bits 0-3 of the groups 0..7, and of 8..15 in the high nibbles
        std::uint32_t high;  // bits 4-5 of four groups, of the next four two bits further
        std::memcpy(&low, block.scales, 8);
        std::memcpy(&high, block.scales + 8, 4);
        constexpr std::uint64_t four = 0x0f0f0f0f0f0f0f0f;
        constexpr std::uint32_t two = 0x30303030;
        const auto eight = [](std::uint32_t first, std::uint32_t second) {
            return std::uint64_t{second} << 32 | first;
        };
        const portable::u8x16 bytes = portable::from_words((low & four) | eight(high << 4 & two, high << 2 & two),
                                                           (low >> 4 & four) | eight(high & two, high >> 2 & two));
        const portable::i16x8 middle = portable::splat<std::int16_t>(32);
        const portable::i16x8 zero = portable::splat<std::int16_t>(0);
        return {portable::widen_low(bytes) - middle, portable::widen_high(bytes) - middle, zero, zero};
    }

private:
    template <int J>
    static portable::u8x16 high_bits(const std::uint8_t* hmask) noexcept {
        return portable::bits<J, 1, 2>(portable::load(hmask));
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
