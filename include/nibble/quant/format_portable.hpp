// SPDX-License-Identifier: Apache-2.0
// What the portable kernels ask of a format: its codes as bytes in vectors, its scales and mins as int16.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <nibble/quant/format.hpp>
#include <nibble/simd/portable.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// The codes of a sub-block of 32: those of its two groups of 16.
struct code_pair {
    portable::u8x16 first, second;
};

/// The scales and mins of a block of 256, in order.
struct scale_lanes {
    portable::i16x8 first, second;      ///< scales; `second` only where they are sixteen
    portable::i16x8 mins, second_mins;  ///< likewise
};

/// Specialised once per format, in its folder:
///   codes<J>(block)  the codes of sub-block J, in order
///   scales(block)    formats with scales: they, and the mins where the format has them
///   min_half(block)  formats with a min: the half that is m of block_codes, times `m_sign`
template <class F>
struct portable_format;

/// 16 bytes of nibbles as 32 codes: the low nibbles, then the high ones.
inline code_pair nibble_pair(const std::uint8_t* qs) noexcept {
    const portable::u8x16 bytes = portable::load(qs);
    return {portable::bits<0, 4, 0>(bytes), portable::bits<4, 4, 0>(bytes)};
}

/// Likewise the bytes of Table that nibbles are the indices of.
template <const std::uint8_t (&Table)[16]>
NIBBLE_INLINE code_pair look_up_pair(const std::uint8_t* qs) noexcept {
    return {portable::look_up<Table, 0>(qs), portable::look_up<Table, 4>(qs)};
}

/// Codes, or parts of codes, of two bits: sub-block J has bits 2 (J mod 4) and the next of 32 bytes.
template <int J>
inline code_pair two_bit_pair(const std::uint8_t* qs) noexcept {
    const auto pairs = [](const std::uint8_t* p) { return portable::bits<J % 4 * 2, 2, 0>(portable::load(p)); };
    return {pairs(qs + J / 4 * 32), pairs(qs + J / 4 * 32 + 16)};
}

/// power_of_two of four exponents.
inline portable::f32x4 powers_of_two(portable::i32x4 exponents) noexcept {
    using namespace portable;
    const i32x4 twice = max(shift_left<23>(exponents), splat<std::int32_t>(1 << 22));  // 0: 2^-127, subnormal
    const i32x4 nan = greater(exponents, splat<std::int32_t>(254));
    return float_of(twice | nan) * splat(0.5f);
}

/// Eight bits as eight bytes: 16 where the bit is set. Bit i is found in byte i and carried to bit 7.
inline std::uint64_t spread_bits(std::uint64_t byte) noexcept {
    const std::uint64_t found = byte * 0x0101010101010101 & 0x8040201008040201;
    return (found + 0x7f7f7f7f7f7f7f7f) >> 3 & 0x1010101010101010;
}

/// The fifth bits of 32 codes, where they belong.
inline code_pair fifth_bit_pair(const std::uint8_t* qh) noexcept {
    return {portable::from_words(spread_bits(qh[0]), spread_bits(qh[1])),
            portable::from_words(spread_bits(qh[2]), spread_bits(qh[3]))};
}

/// The scales12 field of Q4_K and Q5_K (quant/q4_k/block.hpp), four bytes at a time.
inline scale_lanes unpack_scales12_portable(const std::uint8_t* scales12) noexcept {
    std::uint32_t s[3];
    std::memcpy(s, scales12, 12);
    constexpr std::uint32_t six = 0x3f3f3f3f, four = 0x0f0f0f0f, two = 0x30303030;
    const std::uint64_t scales = (s[2] & four) | (s[0] >> 2 & two), mins = (s[2] >> 4 & four) | (s[1] >> 2 & two);
    const portable::u8x16 bytes = portable::from_words(scales << 32 | (s[0] & six), mins << 32 | (s[1] & six));
    const portable::i16x8 zero = portable::splat<std::int16_t>(0);
    return {portable::widen_low(bytes), zero, portable::widen_high(bytes), zero};
}

/// 32 weights of a block as int16.
struct widened_weights {
    portable::i16x8 v[4];
};

/// Sub-block J of a block: (code - Offset) * scale, at most 255, 63 * 128 = 8,064 or 241 * 32 = 7,712. `scales` is not
/// read where the format has none.
template <class F, int J, int Offset>
NIBBLE_INLINE widened_weights widen(const typename F::block& block,
                                    [[maybe_unused]] const scale_lanes* scales) noexcept {
    using namespace portable;
    const code_pair codes = portable_format<F>::template codes<J>(block);
    widened_weights w{
        {widen_low(codes.first), widen_high(codes.first), widen_low(codes.second), widen_high(codes.second)}};
    if constexpr (Offset != 0) {
        NIBBLE_UNROLL
        for (auto& v : w.v) v = v - splat<std::int16_t>(Offset);
    }
    if constexpr (F::has_scales) {
        constexpr bool wide = F::scale_grain == 32;
        const i16x8 lanes = wide || J < 4 ? scales->first : scales->second;
        const i16x8 first = splat_lane < wide ? J : 2 * J % 8 > (lanes);
        const i16x8 second = splat_lane < wide ? J : 2 * J % 8 + 1 > (lanes);
        w = {{multiply(w.v[0], first), multiply(w.v[1], first), multiply(w.v[2], second), multiply(w.v[3], second)}};
    }
    return w;
}

}  // namespace quant
NIBBLE_NAMESPACE_END
