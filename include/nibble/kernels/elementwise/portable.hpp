// SPDX-License-Identifier: Apache-2.0
// Elementwise operations with portable vectors, four values at a time.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <numbers>

#include <nibble/kernels/elementwise/elementwise.hpp>
#include <nibble/kernels/elementwise/exp2_portable.hpp>
#include <nibble/kernels/elementwise/soft_cap_portable.hpp>
#include <nibble/simd/portable.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels::elementwise_portable {

using portable::f32x4;

/// Values i .. n - 1 of a row, fewer than a vector, go through the plain form: the same bits.
namespace rest = elementwise_scalar;

/// The sum of the values, or of their squares, in 32 partial sums by index modulo 32, folded in halves, as
/// quant::dot_float says.
template <bool Squares>
inline float sum(const float* x, std::size_t n) noexcept {
    using namespace portable;
    f32x4 sums[8];
    for (f32x4& sum : sums) sum = splat(0.0f);
    float padded[32] = {};  // the values behind the last 32, continued with zeros
    std::memcpy(padded, x + n / 32 * 32, n % 32 * sizeof(float));
    for (std::size_t i = 0; i < n; i += 32) {
        const float* values = i + 32 <= n ? x + i : padded;
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < 8; ++v) {
            const f32x4 four = load(values + 4 * v);
            sums[v] = Squares ? portable::fma(four, four, sums[v]) : four + sums[v];
        }
    }
    return portable::fold(sums);
}

inline void rms_norm(const float* x, const float* weight, float eps, float* out, std::size_t n) noexcept {
    using namespace portable;
    const float s = 1.0f / std::sqrt(sum<true>(x, n) / static_cast<float>(n) + eps);
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) store(out + i, load(x + i) * splat(s) * load(weight + i));
    for (; i < n; ++i) out[i] = x[i] * s * weight[i];
}

inline void layer_norm(const float* x, const float* weight, const float* bias, float eps, float* out,
                       std::size_t n) noexcept {
    using namespace portable;
    const float mean = sum<false>(x, n) / static_cast<float>(n);
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) store(out + i, load(x + i) - splat(mean));
    for (; i < n; ++i) out[i] = x[i] - mean;

    const float s = 1.0f / std::sqrt(sum<true>(out, n) / static_cast<float>(n) + eps);
    for (i = 0; i + 4 <= n; i += 4)
        store(out + i, portable::fma(load(out + i) * splat(s), load(weight + i), bias ? load(bias + i) : splat(0.0f)));
    for (; i < n; ++i) out[i] = exact_fma(out[i] * s, weight[i], bias ? bias[i] : 0.0f);
}

inline void add_scaled(float* x, const float* y, float scale, std::size_t n) noexcept {
    using namespace portable;
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) store(x + i, portable::fma(splat(scale), load(y + i), load(x + i)));
    rest::add_scaled(x + i, y + i, scale, n - i);
}

inline void scale(float* x, float factor, std::size_t n) noexcept {
    using namespace portable;
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) store(x + i, load(x + i) * splat(factor));
    rest::scale(x + i, factor, n - i);
}

inline void soft_cap(float* x, float cap, std::size_t n) noexcept {
    using namespace portable;
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) store(x + i, soft_cap_portable(load(x + i), cap));
    rest::soft_cap(x + i, cap, n - i);
}

/// Turns four pairs (a, b).
NIBBLE_INLINE void rotate(f32x4& a, f32x4& b, const float* cos_sin) noexcept {
    using namespace portable;
    const f32x4 low = load(cos_sin), high = load(cos_sin + 4), c = evens(low, high), s = odds(low, high);
    const f32x4 turned = portable::fma(a, c, negated(b * s));
    b = portable::fma(b, c, a * s);
    a = turned;
}

inline void rope_interleaved(float* heads, std::size_t n_heads, std::size_t head_dim, const float* cos_sin,
                             std::size_t dims) noexcept {
    using namespace portable;
    for (std::size_t h = 0; h < n_heads; ++h) {
        float* x = heads + h * head_dim;
        std::size_t i = 0;
        for (; i + 8 <= dims; i += 8) {
            const f32x4 low = load(x + i), high = load(x + i + 4);
            f32x4 a = evens(low, high), b = odds(low, high);
            rotate(a, b, cos_sin + i);
            store(x + i, zip_low(a, b));
            store(x + i + 4, zip_high(a, b));
        }
        rest::rope_interleaved(x + i, 1, head_dim, cos_sin + i, dims - i);
    }
}

inline void rope_halves(float* heads, std::size_t n_heads, std::size_t head_dim, const float* cos_sin,
                        std::size_t dims) noexcept {
    using namespace portable;
    const std::size_t half = dims / 2;
    for (std::size_t h = 0; h < n_heads; ++h) {
        float *x = heads + h * head_dim, *y = x + half;
        std::size_t i = 0;
        for (; i + 4 <= half; i += 4) {
            f32x4 a = load(x + i), b = load(y + i);
            rotate(a, b, cos_sin + 2 * i);
            store(x + i, a);
            store(y + i, b);
        }
        for (; i < half; ++i) rest::rotate(x[i], y[i], cos_sin[2 * i], cos_sin[2 * i + 1]);
    }
}

/// gate_value of four values.
NIBBLE_INLINE f32x4 gate_values(f32x4 g, f32x4 t, f32x4 u) noexcept {
    using namespace portable;
    const f32x4 one = splat(1.0f);
    const i32x4 sign = bits_of(splat(-0.0f)), negative = greater(splat<std::int32_t>(0), bits_of(t));
    const f32x4 e = exp2_nonpositive_portable(float_of(bits_of(t) | sign));
    const f32x4 numerator = float_of(select(negative, bits_of(e), bits_of(one)));
    return divide(g * numerator, one + e) * u;
}

inline void silu_gated(float* gate, const float* up, std::size_t n) noexcept {
    using namespace portable;
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const f32x4 g = load(gate + i);
        store(gate + i, gate_values(g, g * splat(std::numbers::log2e_v<float>), load(up + i)));
    }
    rest::silu_gated(gate + i, up + i, n - i);
}

inline void gelu_tanh_gated(float* gate, const float* up, std::size_t n) noexcept {
    using namespace portable;
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const f32x4 g = load(gate + i);
        const f32x4 t = g * portable::fma(splat(gelu_cubic), g * g, splat(gelu_linear));
        store(gate + i, gate_values(g, t, load(up + i)));
    }
    rest::gelu_tanh_gated(gate + i, up + i, n - i);
}

/// Which values are beyond the limit, above or below; NaN is not.
NIBBLE_INLINE portable::i32x4 beyond_limit(f32x4 x) noexcept {
    using namespace portable;
    const i32x4 magnitude = bits_of(x) & splat<std::int32_t>(0x7fffffff);
    return greater(magnitude, bits_of(splat(clamped_limit))) & greater(splat<std::int32_t>(0x7f800001), magnitude);
}

inline void silu_clamped_gated(float* gate, const float* up, std::size_t n) noexcept {
    using namespace portable;
    const i32x4 limit = bits_of(splat(clamped_limit)), sign = bits_of(splat(-0.0f)), zero = splat<std::int32_t>(0);
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const f32x4 x = load(gate + i), y = load(up + i);
        const f32x4 g = float_of(select(beyond_limit(x) & greater(bits_of(x), zero), limit, bits_of(x)));
        const f32x4 u = float_of(select(beyond_limit(y), limit | (bits_of(y) & sign), bits_of(y)));
        store(gate + i, gate_values(g, g * splat(clamped_slope), u + splat(1.0f)));
    }
    rest::silu_clamped_gated(gate + i, up + i, n - i);
}

inline constexpr elementwise_kernels table{.rms_norm = &rms_norm,
                                           .layer_norm = &layer_norm,
                                           .add_scaled = &add_scaled,
                                           .scale = &scale,
                                           .soft_cap = &soft_cap,
                                           .rope = {&rope_interleaved, &rope_halves},
                                           .gated = {&silu_gated, &gelu_tanh_gated, &silu_clamped_gated}};

}  // namespace kernels::elementwise_portable
NIBBLE_NAMESPACE_END
