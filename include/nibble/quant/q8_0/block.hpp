// SPDX-License-Identifier: Apache-2.0
// Q8_0: 32 weights of 8 bits in 34 bytes, one scale.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * qs[e],  qs in -128..127; the code is qs + 128, so that it is unsigned as in every format.
///
///   byte  0   2                 34
///         | d | qs: 32 x int8   |
/// Source: ggml, block_q8_0.
struct q8_0 {
    static constexpr data_type type = data_type::q8_0;
    static constexpr std::size_t block_size = 32;
    static constexpr int q_max = 255, offset = 128;
    static constexpr bool has_scales = false, has_min = false;

    struct block {
        std::uint8_t d[2];  // half
        std::int8_t qs[32];
    };
    static_assert(sizeof(block) == 34);
    static constexpr float_fields floats{half_exponent, 1, {offsetof(block, d)}};

    static void unpack(const block& block, block_codes<32>& codes) noexcept {
        codes.d = load_half(block.d);
        codes.scale.fill(1);
        for (std::size_t e = 0; e < 32; ++e) codes.q[e] = static_cast<std::uint8_t>(block.qs[e] + 128);
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
