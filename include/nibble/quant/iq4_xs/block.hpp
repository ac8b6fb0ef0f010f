// SPDX-License-Identifier: Apache-2.0
// IQ4_XS: 256 weights of 4 bits, each one of sixteen values, in 136 bytes, with a 6-bit scale for every 32.
#pragma once

#include <nibble/quant/iq4_nl/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * (scale[e/32] - 32) * v,  v one of the sixteen values of IQ4_NL, scale in 0..63.
///
///   byte  0   2               4              8                            136
///         | d | scales_h (2)  | scales_l (4) | qs: 8 sub-blocks of 16 bytes |
///
///   qs[16 j + l]:  bits 0-3 weight 32 j + l, bits 4-7 weight 32 j + 16 + l
///   scale[j]:      bits 0-3 in scales_l[j / 2], the low nibble for even j; bits 4-5 in bits 2j, 2j+1 of scales_h, a
///                  little-endian word
/// Source: ggml, block_iq4_xs.
struct iq4_xs {
    static constexpr data_type type = data_type::iq4_xs;
    static constexpr std::size_t block_size = 256;
    static constexpr int q_max = iq4_nl::q_max, offset = iq4_nl::offset;
    static constexpr bool has_scales = true, has_min = false;
    static constexpr std::size_t scale_grain = 32;
    static constexpr const std::uint8_t (&codes)[16] = iq4_nl::codes;

    struct block {
        std::uint8_t d[2];  // half
        std::uint8_t scales_h[2], scales_l[4];
        std::uint8_t qs[128];
    };
    static_assert(sizeof(block) == 136);
    static constexpr float_fields floats{half_exponent, 1, {offsetof(block, d)}};

    static void unpack(const block& block, block_codes<256>& unpacked) noexcept {
        unpacked.d = load_half(block.d);
        for (std::size_t j = 0; j < 8; ++j) {
            const int low = block.scales_l[j / 2] >> (4 * (j % 2)) & 15;
            const int high = block.scales_h[j / 4] >> (2 * (j % 4)) & 3;
            unpacked.scale[2 * j] = unpacked.scale[2 * j + 1] = static_cast<std::int16_t>((low | high << 4) - 32);
        }
        for (std::size_t e = 0; e < 256; ++e) {
            const std::uint8_t byte = block.qs[e / 32 * 16 + e % 16];
            unpacked.q[e] = codes[e / 16 % 2 ? byte >> 4 : byte & 15];
        }
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
