// SPDX-License-Identifier: Apache-2.0
// Q4_0: 32 weights of 4 bits in 18 bytes, one scale.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * (q[e] - 8),  q in 0..15.
///
///   byte  0   2             18
///         | d | qs: 16 bytes |     qs[l]: bits 0-3 weight l, bits 4-7 weight 16 + l
/// Source: ggml, block_q4_0.
struct q4_0 {
    static constexpr data_type type = data_type::q4_0;
    static constexpr std::size_t block_size = 32;
    static constexpr int q_max = 15, offset = 8;
    static constexpr bool has_scales = false, has_min = false;

    struct block {
        std::uint8_t d[2];  // half
        std::uint8_t qs[16];
    };
    static_assert(sizeof(block) == 18);
    static constexpr float_fields floats{half_exponent, 1, {offsetof(block, d)}};

    static void unpack(const block& block, block_codes<32>& codes) noexcept {
        codes.d = load_half(block.d);
        codes.scale.fill(1);
        for (std::size_t l = 0; l < 16; ++l) {
            codes.q[l] = static_cast<std::uint8_t>(block.qs[l] & 15);
            codes.q[l + 16] = static_cast<std::uint8_t>(block.qs[l] >> 4);
        }
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
