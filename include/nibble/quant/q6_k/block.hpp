// SPDX-License-Identifier: Apache-2.0
// Q6_K: 256 weights of 6 bits in 210 bytes, with an 8-bit scale for every 16.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * scale[e/16] * (q[e] - 32),  q in 0..63, scale in -128..127.
///
///   byte  0          128       192            208 210
///         | ql (128) | qh (64) | scales (16)  | d |
///
///   Two halves of 128 weights; in half h, weight 128 h + 32 k + l  (k = 0..3, l = 0..31) has
///     bits 0-3  in ql[64 h + 32 (k % 2) + l], the low nibble for k < 2, the high nibble for k >= 2
///     bits 4-5  in bits 2k, 2k+1 of qh[32 h + l]
/// Source: ggml, block_q6_K.
struct q6_k {
    static constexpr data_type type = data_type::q6_k;
    static constexpr std::size_t block_size = 256;
    static constexpr int q_max = 63, offset = 32;
    static constexpr bool has_scales = true, has_min = false;
    static constexpr std::size_t scale_grain = 16;

    struct block {
        std::uint8_t ql[128], qh[64];
        std::int8_t scales[16];
        std::uint8_t d[2];  // half
    };
    static_assert(sizeof(block) == 210);
    static constexpr float_fields floats{half_exponent, 1, {offsetof(block, d)}};

    static void unpack(const block& block, block_codes<256>& codes) noexcept {
        codes.d = load_half(block.d);
        for (std::size_t i = 0; i < 16; ++i) codes.scale[i] = block.scales[i];
        for (std::size_t e = 0; e < 256; ++e) {
            const std::size_t half = e / 128, k = e % 128 / 32, l = e % 32;
            const std::uint8_t byte = block.ql[64 * half + 32 * (k % 2) + l];
            const int low = k < 2 ? byte & 15 : byte >> 4;
            const int high = (block.qh[32 * half + l] >> (2 * k)) & 3;
            codes.q[e] = static_cast<std::uint8_t>(low | high << 4);
        }
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
