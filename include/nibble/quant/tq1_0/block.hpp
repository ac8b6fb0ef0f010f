// SPDX-License-Identifier: Apache-2.0
// TQ1_0: 256 ternary weights, five in a byte, in 54 bytes, one scale.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// weight[e] = d * (q[e] - 1),  q in 0..2.
///
///   byte  0         48       52  54
///         | qs (48) | qh (4) | d |
///
///   A byte b is a fraction, b / 256, of which q are the digits to base 3 behind the point: digit n is 3 (3^n b mod
///   256) / 256, rounded down. Of its five digits
///     digit n of qs[l]       (n = 0..4, l = 0..31)  is weight 32 n + l
///     digit n of qs[32 + l]  (n = 0..4, l = 0..15)  is weight 160 + 16 n + l
///     digit n of qh[l]       (n = 0..3, l = 0..3)   is weight 240 + 4 n + l
/// Source: ggml, block_tq1_0.
struct tq1_0 {
    static constexpr data_type type = data_type::tq1_0;
    static constexpr std::size_t block_size = 256;
    static constexpr int q_max = 2, offset = 1;
    static constexpr bool has_scales = false, has_min = false;

    struct block {
        std::uint8_t qs[48], qh[4];
        std::uint8_t d[2];  // half
    };
    static_assert(sizeof(block) == 54);
    static constexpr float_fields floats{half_exponent, 1, {offsetof(block, d)}};

    static void unpack(const block& block, block_codes<256>& codes) noexcept {
        codes.d = load_half(block.d);
        codes.scale.fill(1);
        unpack_digits(block.qs, 32, 5, codes.q.data());
        unpack_digits(block.qs + 32, 16, 5, codes.q.data() + 160);
        unpack_digits(block.qh, 4, 4, codes.q.data() + 240);
    }

private:
    /// q[count n + l] = digit n of bytes[l].
    static void unpack_digits(const std::uint8_t* bytes, std::size_t count, std::size_t digits,
                              std::uint8_t* q) noexcept {
        for (std::size_t l = 0; l < count; ++l) {
            unsigned fraction = bytes[l];
            for (std::size_t n = 0; n < digits; ++n) {
                q[count * n + l] = static_cast<std::uint8_t>(3 * fraction >> 8);
                fraction = 3 * fraction & 255;
            }
        }
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
