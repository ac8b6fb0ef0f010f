// SPDX-License-Identifier: Apache-2.0
// What a weight format is: its block, its codes, and the integer form that every kernel computes with.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <nibble/core/config.hpp>
#include <nibble/core/half.hpp>
#include <nibble/core/tensor.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// Values that share one activation sub-scale, and the finest grain of weight sub-scales.
inline constexpr std::size_t sub_size = 16;

/// The integer form of one block of N weights; all block formats map to it exactly:
///   weight[e] = d * scale[e / 16] * (q[e] - offset) + m * min[e / 16]
/// with `offset` a constant of the format. q <= q_max; scale and min fit 8 bits with sign.
template <std::size_t N>
struct block_codes {
    float d = 0, m = 0;
    std::array<std::uint8_t, N> q{};
    std::array<std::int16_t, N / sub_size> scale{}, min{};
};

/// Where a block (of a float format: a value) holds floating-point numbers, as offsets of 16 little-endian bits; its
/// other bytes are integers, any of which is fine.
struct float_fields {
    std::uint16_t exponent_mask;  ///< all bits set: an infinity or a NaN
    std::uint8_t count;
    std::array<std::uint8_t, 2> at;  ///< of a float, its upper half. d, and where there is a min, m right behind it
};
inline constexpr std::uint16_t half_exponent = 0x7c00, float_exponent = 0x7f80;
inline constexpr std::uint16_t scale_exponent = 0x00ff;  ///< a scale that is a power of two: one byte, its exponent

/// A block format. `F::block` is the block as it lies in the file (bytes only, so it needs no alignment);
/// `unpack` is the readable specification of its bits.
template <class F>
concept block_format = requires(const typename F::block& block, block_codes<F::block_size>& codes) {
    { F::type } -> std::convertible_to<data_type>;
    { F::block_size } -> std::convertible_to<std::size_t>;  // 32 or 256 values
    { F::q_max } -> std::convertible_to<int>;               // largest code
    { F::offset } -> std::convertible_to<int>;              // subtracted from every code
    { F::has_scales } -> std::convertible_to<bool>;         // false: every scale is 1
    { F::has_min } -> std::convertible_to<bool>;            // false: m and min are 0
    { F::floats } -> std::convertible_to<float_fields>;
    { F::unpack(block, codes) }
    noexcept;
};

/// Reads the little-endian half at `p` as float.
[[nodiscard]] inline float load_half(const std::uint8_t* p) noexcept {
    return half_to_float(static_cast<std::uint16_t>(p[0] | p[1] << 8));
}

/// 2^(exponent - 128), exact (0 and 1 give subnormal floats); NaN for 255.
[[nodiscard]] constexpr float power_of_two(std::uint8_t exponent) noexcept {
    if (exponent == 255) return std::numeric_limits<float>::quiet_NaN();
    return std::bit_cast<float>(exponent < 2 ? 0x200000u << exponent : (exponent - 1u) << 23);
}

/// Reads the scale d of a block of F, which lies at `p`, as float.
template <class F>
[[nodiscard]] inline float load_scale(const std::uint8_t* p) noexcept {
    if constexpr (F::floats.exponent_mask == scale_exponent) return power_of_two(*p);
    return load_half(p);
}

/// Decodes one block to floats: out[e] as block_codes says. The products of a format with mins are exact (11 bits of a
/// half, at most 6 of a scale or min, at most 5 of a code), so that one rounding is left, whether the sum is fused or
/// not; without mins there is no sum.
template <block_format F>
inline void dequantize_block(const typename F::block& block, float* out) noexcept {
    block_codes<F::block_size> codes;
    F::unpack(block, codes);
    for (std::size_t e = 0; e < F::block_size; ++e) {
        const float scaled = codes.d * codes.scale[e / sub_size];
        const float value = scaled * static_cast<float>(codes.q[e] - F::offset);
        const float base = codes.m * codes.min[e / sub_size];
        out[e] = F::has_min ? value + base : value;
    }
}

/// The blocks of a weight row at `row`.
template <block_format F>
[[nodiscard]] inline const typename F::block* blocks_of(const std::byte* row) noexcept {
    static_assert(alignof(typename F::block) == 1);
    return reinterpret_cast<const typename F::block*>(row);
}

}  // namespace quant
NIBBLE_NAMESPACE_END
