// SPDX-License-Identifier: Apache-2.0
// Q4_K: 256 weights of 4 bits in 144 bytes, with a 6-bit scale and a 6-bit min for every 32.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * scale[e/32] * q[e] - dmin * min[e/32],  q in 0..15, scale and min in 0..63.
///
///   byte  0   2      4          16                                                   144
///         | d | dmin | scales12 | qs: 4 groups of 32 bytes, a group holds 64 weights |
///
///   qs[32 g + l]:  bits 0-3  weight 64 g + l          (sub-block 2 g)
///                  bits 4-7  weight 64 g + 32 + l     (sub-block 2 g + 1)
///
///   scales12, j = sub-block:   byte j      (0..3): scale[j] bits 0-5, bits 4-5 of scale[j+4] in bits 6-7
///                              byte j + 4  (4..7): min[j]   bits 0-5, bits 4-5 of min[j+4]   in bits 6-7
///                              byte j + 8 (8..11): low nibble scale[j+4], high nibble min[j+4]
/// Source: ggml, block_q4_K.
struct q4_k {
    static constexpr data_type type = data_type::q4_k;
    static constexpr std::size_t block_size = 256;
    static constexpr int q_max = 15, offset = 0;
    static constexpr bool has_scales = true, has_min = true;
    static constexpr std::size_t scale_grain = 32;

    struct block {
        std::uint8_t d[2], dmin[2];  // halves
        std::uint8_t scales[12];
        std::uint8_t qs[128];
    };
    static_assert(sizeof(block) == 144);
    static constexpr float_fields floats{half_exponent, 2, {offsetof(block, d), offsetof(block, dmin)}};

    static void unpack(const block& block, block_codes<256>& codes) noexcept;
};

/// The 6-bit scales and mins of Q4_K and Q5_K, each written twice: sub-blocks of 32 are two sub-scale groups of 16.
inline void unpack_scales12(const std::uint8_t* s, block_codes<256>& codes) noexcept {
    for (std::size_t j = 0; j < 8; ++j) {
        const int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
        const int min = j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) | (s[j] >> 6) << 4;
        codes.scale[2 * j] = codes.scale[2 * j + 1] = static_cast<std::int16_t>(scale);
        codes.min[2 * j] = codes.min[2 * j + 1] = static_cast<std::int16_t>(min);
    }
}

inline void q4_k::unpack(const block& block, block_codes<256>& codes) noexcept {
    codes.d = load_half(block.d);
    codes.m = -load_half(block.dmin);
    unpack_scales12(block.scales, codes);
    for (std::size_t e = 0; e < 256; ++e) {
        const std::uint8_t byte = block.qs[e / 64 * 32 + e % 32];
        codes.q[e] = static_cast<std::uint8_t>(e / 32 % 2 ? byte >> 4 : byte & 15);
    }
}

}  // namespace quant
NIBBLE_NAMESPACE_END
