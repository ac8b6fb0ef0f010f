// SPDX-License-Identifier: Apache-2.0
// TQ1_0 for the portable kernels.
#pragma once

#include <cstdint>
#include <cstring>

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/tq1_0/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<tq1_0> {
    template <int J>
    static code_pair codes(const tq1_0::block& block) noexcept {
        const auto bytes = [&block](std::size_t from) { return portable::load(block.qs + from); };
        if constexpr (J < 5)
            return {digit<J>(bytes(0)), digit<J>(bytes(16))};
        else if constexpr (J < 7)
            return {digit<2 * J - 10>(bytes(32)), digit<2 * J - 9>(bytes(32))};
        else
            return {digit<4>(bytes(32)), last_digits(block)};
    }

private:
    /// Every fraction times 3^N, without what comes before the point.
    template <int N>
    static portable::u8x16 shifted(portable::u8x16 fractions) noexcept {
        if constexpr (N > 0) fractions = shifted<N - 1>(fractions + fractions + fractions);
        return fractions;
    }
    /// Digit N of every fraction.
    template <int N>
    static portable::u8x16 digit(portable::u8x16 fractions) noexcept {
        return portable::multiply_high(shifted<N>(fractions), portable::splat<std::uint8_t>(3));
    }
    /// The four digits of the four bytes of qh.
    static portable::u8x16 last_digits(const tq1_0::block& block) noexcept {
        const auto thrice = [](std::uint64_t bytes) {  // each byte by itself, what it carries is cut off
            return ((bytes & 0x00ff00ff) * 3 & 0x00ff00ff) | ((bytes >> 8 & 0x00ff00ff) * 3 << 8 & 0xff00ff00);
        };
        std::uint32_t qh;
        std::memcpy(&qh, block.qh, 4);
        const std::uint64_t by3 = thrice(qh), by9 = thrice(by3), by27 = thrice(by9);
        return digit<0>(portable::from_words(by3 << 32 | qh, by27 << 32 | by9));
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
