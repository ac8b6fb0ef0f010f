// SPDX-License-Identifier: Apache-2.0
// MXFP4: 32 weights of 4 bits, which are tiny floats, in 17 bytes, one scale that is a power of two.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = 2^(exponent - 128) * v,  v in 0 1 2 3 4 6 8 12 and their negatives: the values 0 .. 6 of a float of four
/// bits (a sign, two bits of exponent, one of fraction) doubled, so that they are integers, and the scale halved.
///
///   byte  0          1             17
///         | exponent | qs: 16 bytes |     qs[l]: bits 0-3 weight l, bits 4-7 weight 16 + l;  of four bits: sign, v
///
/// The code is v + 16, so that it is unsigned and its offset a power of two: q in 4..28.
/// Exponent 0 is a subnormal float, exponent 255 a NaN (which makes every result that depends on it NaN).
/// Source: OCP Microscaling Formats 1.0, MXFP4; the order of the nibbles: ggml, block_mxfp4.
struct mxfp4 {
    static constexpr data_type type = data_type::mxfp4;
    static constexpr std::size_t block_size = 32;
    static constexpr int q_max = 28, offset = 16;
    static constexpr bool has_scales = false, has_min = false;

    /// The code of each pattern of four bits.
    static constexpr std::uint8_t codes[16] = {16, 17, 18, 19, 20, 22, 24, 28, 16, 15, 14, 13, 12, 10, 8, 4};

    struct block {
        std::uint8_t d[1];  // exponent
        std::uint8_t qs[16];
    };
    static_assert(sizeof(block) == 17);
    static constexpr float_fields floats{scale_exponent, 1, {offsetof(block, d)}};

    static void unpack(const block& block, block_codes<32>& unpacked) noexcept {
        unpacked.d = load_scale<mxfp4>(block.d);
        unpacked.scale.fill(1);
        for (std::size_t l = 0; l < 16; ++l) {
            unpacked.q[l] = codes[block.qs[l] & 15];
            unpacked.q[l + 16] = codes[block.qs[l] >> 4];
        }
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
