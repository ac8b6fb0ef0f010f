// SPDX-License-Identifier: Apache-2.0
// Q2_K: 256 weights of 2 bits in 84 bytes, with a 4-bit scale and a 4-bit min for every 16.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * scale[e/16] * q[e] - dmin * min[e/16],  q in 0..3, scale and min in 0..15.
///
///   byte  0             16        80  82     84
///         | scales (16) | qs (64) | d | dmin |
///
///   scales, i = group of 16:  low nibble scale[i], high nibble min[i]
///   Two halves of 128 weights; in half h, weight 128 h + 32 k + l  (k = 0..3, l = 0..31) is in bits 2k, 2k+1 of
///   qs[32 h + l]
/// Source: ggml, block_q2_K.
struct q2_k {
    static constexpr data_type type = data_type::q2_k;
    static constexpr std::size_t block_size = 256;
    static constexpr int q_max = 3, offset = 0;
    static constexpr bool has_scales = true, has_min = true;
    static constexpr std::size_t scale_grain = 16;

    struct block {
        std::uint8_t scales[16], qs[64];
        std::uint8_t d[2], dmin[2];  // halves
    };
    static_assert(sizeof(block) == 84);
    static constexpr float_fields floats{half_exponent, 2, {offsetof(block, d), offsetof(block, dmin)}};

    static void unpack(const block& block, block_codes<256>& codes) noexcept {
        codes.d = load_half(block.d);
        codes.m = -load_half(block.dmin);
        for (std::size_t i = 0; i < 16; ++i) {
            codes.scale[i] = block.scales[i] & 15;
            codes.min[i] = block.scales[i] >> 4;
        }
        for (std::size_t e = 0; e < 256; ++e) codes.q[e] = block.qs[e / 128 * 32 + e % 32] >> (e % 128 / 32 * 2) & 3;
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
