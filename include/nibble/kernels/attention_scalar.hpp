// SPDX-License-Identifier: Apache-2.0
// Attention over one block of positions in plain C++: what every other kernel equals bit for bit.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <nibble/core/config.hpp>
#include <nibble/core/half.hpp>
#include <nibble/kernels/attention_layout.hpp>
#include <nibble/kernels/elementwise/exp2.hpp>

NIBBLE_NAMESPACE_BEGIN

/// How one head's key or value becomes integers of at most L = Cache::largest: scale = max|x| / L,
/// q = round to nearest even of x * (L / max|x|). The scale is NaN and all q are 0 if a value is not finite.
struct head_scale {
    float scale;
    float inverse;  ///< 0 where all q are 0

    /// `largest_bits`: the largest magnitude as bits. As integers magnitudes keep their order and a NaN comes last.
    head_scale(std::uint32_t largest_bits, float largest_code) noexcept {
        const float largest = std::bit_cast<float>(largest_bits);
        const bool finite = largest_bits < 0x7f800000u;
        const bool zero = !finite || largest < 0x1p-100f;  // below, the inverse may not be finite
        scale = !finite ? std::numeric_limits<float>::quiet_NaN() : zero ? 0.0f : largest / largest_code;
        inverse = zero ? 0.0f : largest_code / largest;
    }
};

namespace attention_scalar {

[[nodiscard]] inline float to_float(std::uint16_t half) noexcept { return half_to_float(half); }
[[nodiscard]] inline float to_float(std::int16_t code) noexcept { return static_cast<float>(code); }
[[nodiscard]] inline float to_float(std::int8_t code) noexcept { return static_cast<float>(code); }

/// One value as it is stored.
inline void encode(float x, float, std::uint16_t& code) noexcept { code = float_to_half(x); }
template <class Code>
inline void encode(float x, float inverse, Code& code) noexcept {
    code = inverse > 0 ? static_cast<Code>(std::nearbyint(x * inverse)) : Code{0};
}

inline std::uint32_t largest_magnitude(const float* x, std::size_t n) noexcept {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < n; ++i) bits = std::max(bits, std::bit_cast<std::uint32_t>(x[i]) & 0x7fffffffu);
    return bits;
}

template <class Cache>
inline void store(const float* k, const float* v, std::size_t head_dim, std::size_t position,
                  std::byte* block) noexcept {
    const cache_block<Cache> to{block, head_dim};
    float k_inverse = 0, v_inverse = 0;
    if constexpr (Cache::scaled) {
        const head_scale key{largest_magnitude(k, head_dim), Cache::largest};
        const head_scale value{largest_magnitude(v, head_dim), Cache::largest};
        to.key_scales[position] = key.scale;
        to.value_scales[position] = value.scale;
        k_inverse = key.inverse;
        v_inverse = value.inverse;
    }
    for (std::size_t d = 0; d < head_dim; ++d) {
        encode(k[d], k_inverse, to.keys[to.key(position, d, head_dim)]);
        encode(v[d], v_inverse, to.values[to.value(position, d)]);
    }
}

/// Scores: one chain of fma over the dimensions, in order. Weights: 2^(score - max), summed into 16 lanes by position
/// modulo 16, the lanes folded in halves. Outputs: one chain of fma over the positions, in order.
template <class Cache>
inline void attend(const attention_queries& queries, const std::byte* block, const attention_partial& out,
                   const attention_work& work) noexcept {
    const std::size_t head_dim = queries.head_dim;
    const cache_block<Cache> cache{const_cast<std::byte*>(block), head_dim};  // only read
    for (std::size_t r = 0; r < queries.rows; ++r) {
        const float* q = queries.q + r * head_dim;
        const std::size_t visible = queries.visible_to(r);
        float* weights = work.scores + r * attention_block;

        float max = -std::numeric_limits<float>::infinity();
        for (std::size_t i = 0; i < visible; ++i) {
            float score = 0;
            for (std::size_t d = 0; d < head_dim; ++d)
                score = std::fma(q[d], to_float(cache.keys[cache.key(i, d, head_dim)]), score);
            // an fma, because a bare product may be contracted with the subtraction below
            if constexpr (Cache::scaled) score = std::fma(score, cache.key_scales[i], 0.0f);
            weights[i] = score;
            max = max > score ? max : score;
        }

        float lanes[attention_panel] = {};
        for (std::size_t i = 0; i < visible; ++i) {
            const float weight = kernels::exp2_nonpositive(weights[i] - max);
            lanes[i % attention_panel] += weight;
            weights[i] = Cache::scaled ? weight * cache.value_scales[i] : weight;
        }
        for (std::size_t width = attention_panel / 2; width > 0; width /= 2)
            for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];

        out.max[r] = max;
        out.sum[r] = lanes[0];
        float* acc = out.acc + r * cache.padded(head_dim);
        for (std::size_t d = 0; d < head_dim; ++d) {
            acc[d] = 0;
            for (std::size_t i = 0; i < visible; ++i)
                acc[d] = std::fma(weights[i], to_float(cache.values[cache.value(i, d)]), acc[d]);
        }
    }
}

inline void merge(const attention_partial& total, const attention_partial& next, std::size_t rows,
                  std::size_t head_dim) noexcept {
    const std::size_t stride = padded_head_dim(head_dim);
    for (std::size_t r = 0; r < rows; ++r) {
        const float max = total.max[r] > next.max[r] ? total.max[r] : next.max[r];
        const float a = kernels::exp2_nonpositive(total.max[r] - max);
        const float b = kernels::exp2_nonpositive(next.max[r] - max);
        total.max[r] = max;
        total.sum[r] = std::fma(next.sum[r], b, total.sum[r] * a);
        for (std::size_t d = 0; d < head_dim; ++d) {
            float& acc = total.acc[r * stride + d];
            acc = std::fma(next.acc[r * stride + d], b, acc * a);
        }
    }
}

inline void finish(const attention_partial& total, std::size_t rows, std::size_t head_dim, float* out) noexcept {
    const std::size_t stride = padded_head_dim(head_dim);
    for (std::size_t r = 0; r < rows; ++r) {
        const float inverse = 1.0f / total.sum[r];
        for (std::size_t d = 0; d < head_dim; ++d) out[r * head_dim + d] = total.acc[r * stride + d] * inverse;
    }
}

template <class Cache>
inline constexpr attention_kernels table{&store<Cache>, &attend<Cache>, &merge, &finish};

}  // namespace attention_scalar
NIBBLE_NAMESPACE_END
