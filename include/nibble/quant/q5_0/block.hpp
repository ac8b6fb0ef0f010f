// SPDX-License-Identifier: Apache-2.0
// Q5_0: 32 weights of 5 bits in 22 bytes, one scale.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * (q[e] - 16),  q in 0..31.
///
///   byte  0   2    6             22
///         | d | qh | qs: 16 bytes |    qs[l]: bits 0-3 low bits of weight l, bits 4-7 low bits of weight 16 + l
///   qh: little-endian 32-bit word, bit e is the fifth bit of weight e
/// Source: ggml, block_q5_0.
struct q5_0 {
    static constexpr data_type type = data_type::q5_0;
    static constexpr std::size_t block_size = 32;
    static constexpr int q_max = 31, offset = 16;
    static constexpr bool has_scales = false, has_min = false;

    struct block {
        std::uint8_t d[2];  // half
        std::uint8_t qh[4];
        std::uint8_t qs[16];
    };
    static_assert(sizeof(block) == 22);
    static constexpr float_fields floats{half_exponent, 1, {offsetof(block, d)}};

    static void unpack(const block& block, block_codes<32>& codes) noexcept {
        codes.d = load_half(block.d);
        codes.scale.fill(1);
        for (std::size_t l = 0; l < 16; ++l) {
            const int high0 = (block.qh[l / 8] >> (l % 8)) & 1, high1 = (block.qh[2 + l / 8] >> (l % 8)) & 1;
            codes.q[l] = static_cast<std::uint8_t>((block.qs[l] & 15) | high0 << 4);
            codes.q[l + 16] = static_cast<std::uint8_t>((block.qs[l] >> 4) | high1 << 4);
        }
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
