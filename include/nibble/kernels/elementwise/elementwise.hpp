// SPDX-License-Identifier: Apache-2.0
// Elementwise operations on one row of floats: what each computes, bit for bit, and the plain form of each.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

#include <nibble/core/config.hpp>
#include <nibble/core/float_math.hpp>
#include <nibble/kernels/elementwise/exp2.hpp>
#include <nibble/kernels/elementwise/soft_cap.hpp>
#include <nibble/quant/scalar.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Which two values of a head turn together, where `dims` of them rotate.
enum class rope_pairing {
    interleaved,  ///< 2i with 2i + 1
    halves,       ///< i with i + dims / 2 ("NEOX")
};

/// What gates the feed-forward block.
enum class activation {
    silu,       ///< x / (1 + e^-x)
    gelu_tanh,  ///< x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
    /// x / (1 + e^-1.702x) of x = min(gate, 7), and clamp(up, -7, 7) + 1 in the place of up
    silu_clamped,
};

/// The elementwise kernels of one instruction set. Value i of a result depends on the operands of one row alone, never
/// on its neighbours in the batch, and every set gives the same bits. `n` may be any number.
struct elementwise_kernels {
    /// out[i] = x[i] * s * weight[i] with s = 1 / sqrt(sum / n + eps) and `sum` that of quant::dot_float(x, x).
    /// `out` may be `x`.
    void (*rms_norm)(const float* x, const float* weight, float eps, float* out, std::size_t n) noexcept;
    /// c[i] = x[i] - sum / n, out[i] = fma(c[i] * s, weight[i], bias[i]) with s = 1 / sqrt(squares / n + eps); `sum`
    /// and `squares` are those of quant::dot_float, of x and ones and of c and c. A null bias is zeros. `out` may be
    /// `x`.
    void (*layer_norm)(const float* x, const float* weight, const float* bias, float eps, float* out,
                       std::size_t n) noexcept;
    /// x[i] = fma(scale, y[i], x[i]): the plain sum where scale is 1.
    void (*add_scaled)(float* x, const float* y, float scale, std::size_t n) noexcept;
    /// x[i] *= factor.
    void (*scale)(float* x, float factor, std::size_t n) noexcept;
    /// x[i] = soft_cap_value(x[i], cap).
    void (*soft_cap)(float* x, float cap, std::size_t n) noexcept;
    /// Rotates the first `dims` values of each head, by rope_pairing: the pair (a, b) turns to
    /// (fma(a, c, -(b * s)), fma(b, c, a * s)), c and s = cos_sin[2i] and [2i + 1]. `dims` is even.
    std::array<void (*)(float* heads, std::size_t n_heads, std::size_t head_dim, const float* cos_sin,
                        std::size_t dims) noexcept,
               2>
        rope;
    /// gate[i] = act(gate[i]) * up[i], by activation.
    std::array<void (*)(float* gate, const float* up, std::size_t n) noexcept, 3> gated;
};

namespace kernels {

/// gelu_tanh(x) = x / (1 + 2^-t) with t = x * (linear + cubic * x^2).
inline constexpr float gelu_linear = 2.3022082f;  // 2 sqrt(2 / pi) log2(e)
inline constexpr float gelu_cubic = 0.10294324f;  // 0.044715 times that

/// silu_clamped(x) = x / (1 + 2^-t) with t = clamped_slope * x, 1.702 log2(e).
inline constexpr float clamped_slope = 2.45546696f;
inline constexpr float clamped_limit = 7.0f;

/// g / (1 + 2^-t) * u. With e = 2^-|t| <= 1 the sigmoid is 1 / (1 + e) or, for negative t, e / (1 + e): nothing
/// overflows. `t` must not be a bare product.
[[nodiscard]] inline float gate_value(float g, float t, float u) noexcept {
    const float e = exp2_nonpositive(-std::fabs(t));
    const float numerator = std::signbit(t) ? e : 1.0f;
    return g * numerator / (1.0f + e) * u;
}

namespace elementwise_scalar {

inline void rms_norm(const float* x, const float* weight, float eps, float* out, std::size_t n) noexcept {
    const float sum = quant::dot_float([x](std::size_t i) { return x[i]; }, x, n);
    const float s = 1.0f / std::sqrt(sum / static_cast<float>(n) + eps);
    for (std::size_t i = 0; i < n; ++i) out[i] = x[i] * s * weight[i];
}

inline void layer_norm(const float* x, const float* weight, const float* bias, float eps, float* out,
                       std::size_t n) noexcept {
    const float mean = quant::dot_float([](std::size_t) { return 1.0f; }, x, n) / static_cast<float>(n);
    for (std::size_t i = 0; i < n; ++i) out[i] = x[i] - mean;
    const float squares = quant::dot_float([out](std::size_t i) { return out[i]; }, out, n);
    const float s = 1.0f / std::sqrt(squares / static_cast<float>(n) + eps);
    for (std::size_t i = 0; i < n; ++i) out[i] = exact_fma(out[i] * s, weight[i], bias ? bias[i] : 0.0f);
}

inline void add_scaled(float* x, const float* y, float scale, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i) x[i] = exact_fma(scale, y[i], x[i]);
}

inline void scale(float* x, float factor, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i) x[i] *= factor;
}

inline void soft_cap(float* x, float cap, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i) x[i] = soft_cap_value(x[i], cap);
}

inline void rotate(float& a, float& b, float c, float s) noexcept {
    const float turned = exact_fma(a, c, -exact_product(b, s));
    b = exact_fma(b, c, exact_product(a, s));
    a = turned;
}

inline void rope_interleaved(float* heads, std::size_t n_heads, std::size_t head_dim, const float* cos_sin,
                             std::size_t dims) noexcept {
    for (std::size_t h = 0; h < n_heads; ++h)
        for (std::size_t i = 0; i < dims; i += 2)
            rotate(heads[h * head_dim + i], heads[h * head_dim + i + 1], cos_sin[i], cos_sin[i + 1]);
}

inline void rope_halves(float* heads, std::size_t n_heads, std::size_t head_dim, const float* cos_sin,
                        std::size_t dims) noexcept {
    for (std::size_t h = 0; h < n_heads; ++h)
        for (std::size_t i = 0; i < dims / 2; ++i)
            rotate(heads[h * head_dim + i], heads[h * head_dim + i + dims / 2], cos_sin[2 * i], cos_sin[2 * i + 1]);
}

inline void silu_gated(float* gate, const float* up, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i)
        gate[i] = gate_value(gate[i], exact_product(gate[i], std::numbers::log2e_v<float>), up[i]);
}

inline void gelu_tanh_gated(float* gate, const float* up, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i) {
        const float g = gate[i];
        gate[i] = gate_value(g, exact_product(g, exact_fma(gelu_cubic, exact_product(g, g), gelu_linear)), up[i]);
    }
}

inline void silu_clamped_gated(float* gate, const float* up, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i) {  // NaN stays
        const float g = gate[i] > clamped_limit ? clamped_limit : gate[i];
        const float most = up[i] > clamped_limit ? clamped_limit : up[i];
        const float u = most < -clamped_limit ? -clamped_limit : most;
        gate[i] = gate_value(g, exact_product(g, clamped_slope), u + 1.0f);
    }
}

inline constexpr elementwise_kernels table{.rms_norm = &rms_norm,
                                           .layer_norm = &layer_norm,
                                           .add_scaled = &add_scaled,
                                           .scale = &scale,
                                           .soft_cap = &soft_cap,
                                           .rope = {&rope_interleaved, &rope_halves},
                                           .gated = {&silu_gated, &gelu_tanh_gated, &silu_clamped_gated}};

}  // namespace elementwise_scalar
}  // namespace kernels
NIBBLE_NAMESPACE_END
