// SPDX-License-Identifier: Apache-2.0
// IQ4_NL: 32 weights of 4 bits, each one of sixteen values, in 18 bytes, one scale.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * v,  v one of the sixteen values below: close together around 0, where most weights are.
///
///   byte  0   2             18
///         | d | qs: 16 bytes |     qs[l]: bits 0-3 weight l, bits 4-7 weight 16 + l
///
///   bits   0    1    2    3    4    5    6    7    8   9  10  11  12  13  14   15
///   v   -127 -104  -83  -65  -49  -35  -22  -10    1  13  25  38  53  69  89  113
///
/// The code is v + 128, so that it is unsigned as in every format: q in 1..241.
/// Source: ggml, block_iq4_nl.
struct iq4_nl {
    static constexpr data_type type = data_type::iq4_nl;
    static constexpr std::size_t block_size = 32;
    static constexpr int q_max = 241, offset = 128;
    static constexpr bool has_scales = false, has_min = false;

    /// The code of each pattern of four bits.
    static constexpr std::uint8_t codes[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};

    struct block {
        std::uint8_t d[2];  // half
        std::uint8_t qs[16];
    };
    static_assert(sizeof(block) == 18);
    static constexpr float_fields floats{half_exponent, 1, {offsetof(block, d)}};

    static void unpack(const block& block, block_codes<32>& unpacked) noexcept {
        unpacked.d = load_half(block.d);
        unpacked.scale.fill(1);
        for (std::size_t l = 0; l < 16; ++l) {
            unpacked.q[l] = codes[block.qs[l] & 15];
            unpacked.q[l + 16] = codes[block.qs[l] >> 4];
        }
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
