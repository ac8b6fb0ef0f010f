// SPDX-License-Identifier: Apache-2.0
// Q5_K: 256 weights of 5 bits in 176 bytes, with a 6-bit scale and a 6-bit min for every 32.
#pragma once

#include <nibble/quant/q4_k/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * scale[e/32] * q[e] - dmin * min[e/32],  q in 0..31, scale and min in 0..63.
///
///   byte  0   2      4          16        48                                                   176
///         | d | dmin | scales12 | qh (32) | qs: 4 groups of 32 bytes, a group holds 64 weights |
///
///   qs        low four bits, as in Q4_K;  scales12 as in Q4_K
///   qh[l]     bit j is the fifth bit of weight 32 j + l
/// Source: ggml, block_q5_K.
struct q5_k {
    static constexpr data_type type = data_type::q5_k;
    static constexpr std::size_t block_size = 256;
    static constexpr int q_max = 31, offset = 0;
    static constexpr bool has_scales = true, has_min = true;
    static constexpr std::size_t scale_grain = 32;

    struct block {
        std::uint8_t d[2], dmin[2];  // halves
        std::uint8_t scales[12];
        std::uint8_t qh[32];
        std::uint8_t qs[128];
    };
    static_assert(sizeof(block) == 176);
    static constexpr float_fields floats{half_exponent, 2, {offsetof(block, d), offsetof(block, dmin)}};

    static void unpack(const block& block, block_codes<256>& codes) noexcept {
        codes.d = load_half(block.d);
        codes.m = -load_half(block.dmin);
        unpack_scales12(block.scales, codes);
        for (std::size_t e = 0; e < 256; ++e) {
            const std::uint8_t byte = block.qs[e / 64 * 32 + e % 32];
            const int low = e / 32 % 2 ? byte >> 4 : byte & 15;
            const int high = (block.qh[e % 32] >> (e / 32)) & 1;
            codes.q[e] = static_cast<std::uint8_t>(low | high << 4);
        }
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
