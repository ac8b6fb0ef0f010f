// SPDX-License-Identifier: Apache-2.0
// TQ2_0: 256 ternary weights, of 2 bits, in 66 bytes, one scale.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * (q[e] - 1),  q in 0..2 (and 3, which no writer makes, is 2 d).
///
///   byte  0         64 66
///         | qs (64) | d |
///
///   Two halves of 128 weights; in half h, weight 128 h + 32 k + l  (k = 0..3, l = 0..31) is in bits 2k, 2k+1 of
///   qs[32 h + l]
/// Source: ggml, block_tq2_0.
struct tq2_0 {
    static constexpr data_type type = data_type::tq2_0;
    static constexpr std::size_t block_size = 256;
    static constexpr int q_max = 3, offset = 1;
    static constexpr bool has_scales = false, has_min = false;

    struct block {
        std::uint8_t qs[64];
        std::uint8_t d[2];  // half
    };
    static_assert(sizeof(block) == 66);
    static constexpr float_fields floats{half_exponent, 1, {offsetof(block, d)}};

    static void unpack(const block& block, block_codes<256>& codes) noexcept {
        codes.d = load_half(block.d);
        codes.scale.fill(1);
        for (std::size_t e = 0; e < 256; ++e) codes.q[e] = block.qs[e / 128 * 32 + e % 32] >> (e % 128 / 32 * 2) & 3;
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
