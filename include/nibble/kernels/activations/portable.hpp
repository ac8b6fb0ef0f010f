// SPDX-License-Identifier: Apache-2.0
// Activations for the portable kernels: int16, with the sub-scales multiplied in.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <nibble/quant/activation.hpp>
#include <nibble/simd/portable.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels::activations_portable {

/// One block of a token: a quant::activation_block with k * q in place of both, at most 8 * 127 = 1,016. A product with
/// a weight times its scale (at most 8,064) needs nothing more, and 256 of them, 2,097,414,144, fit 32 bits.
template <std::size_t N>
struct alignas(16) token_block {
    static constexpr std::size_t groups = N / quant::sub_size;

    std::int16_t x[N];
    std::int16_t sum[groups];        ///< of 16 values
    std::int16_t sum32[groups / 2];  ///< of 32
    float d;
};

/// Lanes that add up to factors times sums of a block of 256, of this form or another with the same names: a factor for
/// every 16 values, sixteen in two vectors, or for every 32.
template <std::size_t Grain, class Block>
NIBBLE_INLINE portable::i32x4 times_sums(portable::i16x8 first, [[maybe_unused]] portable::i16x8 second,
                                         const Block& block) noexcept {
    using namespace portable;
    const i32x4 zero = splat<std::int32_t>(0);
    if constexpr (Grain == 32)
        return add_products(zero, first, load(block.sum32));
    else
        return add_products(add_products(zero, first, load(block.sum)), second, load(block.sum + 8));
}

/// The numbers of quant::quantize_block. Nothing is clamped to 127: k is at least largest / (127 d), up to the rounding
/// of three operations, so that |x / (k d)| < 127.5.
template <std::size_t N>
inline void quantize_block(const float* x, token_block<N>& out) noexcept {
    using namespace portable;
    const i32x4 magnitude = splat<std::int32_t>(0x7fffffff);
    std::int32_t group_max[N / 16], block_max = 0;
    for (std::size_t i = 0; i < N / 16; ++i) {
        i32x4 top = bits_of(load(x + 16 * i)) & magnitude;
        for (std::size_t e = 4; e < 16; e += 4) top = portable::max(top, bits_of(load(x + 16 * i + e)) & magnitude);
        std::int32_t lanes[4];
        store(lanes, top);
        group_max[i] = std::max(std::max(lanes[0], lanes[1]), std::max(lanes[2], lanes[3]));
        block_max = std::max(block_max, group_max[i]);
    }
    const float largest = std::bit_cast<float>(block_max);
    const bool finite = block_max < 0x7f800000;
    if (!finite || largest < quant::zero_block) {
        out = {};
        out.d = finite ? 0.0f : std::numeric_limits<float>::quiet_NaN();
        return;
    }
    out.d = largest / 1016.0f;
    const float unit = out.d * 127.0f;
    const i16x8 ones = splat<std::int16_t>(1);
    for (std::size_t i = 0; i < N / 16; ++i) {
        const int k = quant::sub_scale(std::bit_cast<float>(group_max[i]), unit);
        const f32x4 inverse = splat(1.0f / (out.d * static_cast<float>(k)));
        i32x4 sums = splat<std::int32_t>(0);
        for (std::size_t e = 16 * i; e < 16 * (i + 1); e += 8) {
            const i32x4 low = round_to_int(load(x + e) * inverse), high = round_to_int(load(x + e + 4) * inverse);
            const i16x8 kq = multiply(narrow(low, high), splat(static_cast<std::int16_t>(k)));
            store(out.x + e, kq);
            sums = add_products(sums, kq, ones);
        }
        std::int32_t lanes[4];
        store(lanes, sums);
        out.sum[i] = static_cast<std::int16_t>(lanes[0] + lanes[1] + lanes[2] + lanes[3]);
    }
    for (std::size_t j = 0; j < N / 32; ++j)
        out.sum32[j] = static_cast<std::int16_t>(out.sum[2 * j] + out.sum[2 * j + 1]);
}

/// quantize_row_function.
template <std::size_t N>
inline void quantize_row(const float* x, std::size_t depth, void* out) noexcept {
    auto* blocks = static_cast<token_block<N>*>(out);
    for (std::size_t b = 0; b < depth / N; ++b) quantize_block<N>(x + b * N, blocks[b]);
}

}  // namespace kernels::activations_portable
NIBBLE_NAMESPACE_END
