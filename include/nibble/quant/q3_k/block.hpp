// SPDX-License-Identifier: Apache-2.0
// Q3_K: 256 weights of 3 bits in 110 bytes, with a 6-bit scale for every 16.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * (scale[e/16] - 32) * (q[e] - 4),  q in 0..7, scale in 0..63.
///
///   byte  0            32        96            108 110
///         | hmask (32) | qs (64) | scales (12) | d |
///
///   Two halves of 128 weights; in half h, weight 128 h + 32 k + l  (k = 0..3, l = 0..31) has
///     bits 0-1  in bits 2k, 2k+1 of qs[32 h + l]
///     bit  2    in bit 4h + k of hmask[l]
///
///   scales, i = group of 16:  bits 0-3 in byte i % 8, the low nibble for i < 8, the high nibble for i >= 8
///                             bits 4-5 in bits 2 (i / 4), 2 (i / 4) + 1 of byte 8 + i % 4
/// Source: ggml, block_q3_K.
struct q3_k {
    static constexpr data_type type = data_type::q3_k;
    static constexpr std::size_t block_size = 256;
    static constexpr int q_max = 7, offset = 4;
    static constexpr bool has_scales = true, has_min = false;
    static constexpr std::size_t scale_grain = 16;

    struct block {
        std::uint8_t hmask[32], qs[64], scales[12];
        std::uint8_t d[2];  // half
    };
    static_assert(sizeof(block) == 110);
    static constexpr float_fields floats{half_exponent, 1, {offsetof(block, d)}};

    static void unpack(const block& block, block_codes<256>& codes) noexcept {
        codes.d = load_half(block.d);
        for (std::size_t i = 0; i < 16; ++i) {
            const std::uint8_t byte = block.scales[i % 8];
            const int low = i < 8 ? byte & 15 : byte >> 4;
            const int high = (block.scales[8 + i % 4] >> (2 * (i / 4))) & 3;
            codes.scale[i] = static_cast<std::int16_t>((low | high << 4) - 32);
        }
        for (std::size_t e = 0; e < 256; ++e) {
            const std::size_t half = e / 128, k = e % 128 / 32, l = e % 32;
            const int low = (block.qs[32 * half + l] >> (2 * k)) & 3;
            const int high = (block.hmask[l] >> (4 * half + k)) & 1;
            codes.q[e] = static_cast<std::uint8_t>(low | high << 2);
        }
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
