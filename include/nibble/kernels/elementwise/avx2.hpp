// SPDX-License-Identifier: Apache-2.0
// Elementwise operations with AVX2 and FMA, eight values at a time.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <numbers>

#include <nibble/kernels/elementwise/elementwise.hpp>
#include <nibble/kernels/elementwise/exp2_avx2.hpp>
#include <nibble/kernels/elementwise/soft_cap_avx2.hpp>
#include <nibble/simd/avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels::elementwise_avx2 {

/// Values i .. n - 1 of a row, fewer than a vector, go through the plain form: the same bits.
namespace rest = elementwise_scalar;

/// The sum of the values, or of their squares, in 32 partial sums by index modulo 32, folded in halves, as
/// quant::dot_float says.
template <bool Squares>
inline float sum(const float* x, std::size_t n) noexcept {
    __m256 sums[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    float padded[32] = {};  // the values behind the last 32, continued with zeros
    std::memcpy(padded, x + n / 32 * 32, n % 32 * sizeof(float));
    for (std::size_t i = 0; i < n; i += 32) {
        const float* values = i + 32 <= n ? x + i : padded;
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < 4; ++v) {
            const __m256 eight = _mm256_loadu_ps(values + 8 * v);
            sums[v] = Squares ? _mm256_fmadd_ps(eight, eight, sums[v]) : _mm256_add_ps(eight, sums[v]);
        }
    }
    return avx2::fold(sums);
}

inline void rms_norm(const float* x, const float* weight, float eps, float* out, std::size_t n) noexcept {
    const float s = 1.0f / std::sqrt(sum<true>(x, n) / static_cast<float>(n) + eps);
    const __m256 scale = _mm256_set1_ps(s);
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i,
                         _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(x + i), scale), _mm256_loadu_ps(weight + i)));
    for (; i < n; ++i) out[i] = x[i] * s * weight[i];
}

inline void layer_norm(const float* x, const float* weight, const float* bias, float eps, float* out,
                       std::size_t n) noexcept {
    const float mean = sum<false>(x, n) / static_cast<float>(n);
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, _mm256_sub_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(mean)));
    for (; i < n; ++i) out[i] = x[i] - mean;

    const float s = 1.0f / std::sqrt(sum<true>(out, n) / static_cast<float>(n) + eps);
    const __m256 scale = _mm256_set1_ps(s);
    for (i = 0; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i,
                         _mm256_fmadd_ps(_mm256_mul_ps(_mm256_loadu_ps(out + i), scale), _mm256_loadu_ps(weight + i),
                                         bias ? _mm256_loadu_ps(bias + i) : _mm256_setzero_ps()));
    for (; i < n; ++i) out[i] = exact_fma(out[i] * s, weight[i], bias ? bias[i] : 0.0f);
}

inline void add_scaled(float* x, const float* y, float scale, std::size_t n) noexcept {
    const __m256 factor = _mm256_set1_ps(scale);
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(x + i, _mm256_fmadd_ps(factor, _mm256_loadu_ps(y + i), _mm256_loadu_ps(x + i)));
    rest::add_scaled(x + i, y + i, scale, n - i);
}

inline void scale(float* x, float factor, std::size_t n) noexcept {
    const __m256 factors = _mm256_set1_ps(factor);
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(x + i, _mm256_mul_ps(_mm256_loadu_ps(x + i), factors));
    rest::scale(x + i, factor, n - i);
}

inline void soft_cap(float* x, float cap, std::size_t n) noexcept {
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(x + i, soft_cap_avx2(_mm256_loadu_ps(x + i), cap));
    rest::soft_cap(x + i, cap, n - i);
}

/// Four pairs side by side: x = (a0, b0, a1, b1, ...). vfmaddsub takes the product off the even lanes, adds it to the
/// odd ones.
inline void rope_interleaved(float* heads, std::size_t n_heads, std::size_t head_dim, const float* cos_sin,
                             std::size_t dims) noexcept {
    for (std::size_t h = 0; h < n_heads; ++h) {
        float* x = heads + h * head_dim;
        std::size_t i = 0;
        for (; i + 8 <= dims; i += 8) {
            const __m256 values = _mm256_loadu_ps(x + i), turn = _mm256_loadu_ps(cos_sin + i);
            const __m256 swapped = _mm256_permute_ps(values, _MM_SHUFFLE(2, 3, 0, 1));
            const __m256 products = _mm256_mul_ps(swapped, _mm256_movehdup_ps(turn));
            _mm256_storeu_ps(x + i, _mm256_fmaddsub_ps(values, _mm256_moveldup_ps(turn), products));
        }
        rest::rope_interleaved(x + i, 1, head_dim, cos_sin + i, dims - i);
    }
}

/// Eight pairs: a in one vector, b in another, `dims / 2` values behind.
inline void rope_halves(float* heads, std::size_t n_heads, std::size_t head_dim, const float* cos_sin,
                        std::size_t dims) noexcept {
    const std::size_t half = dims / 2;
    for (std::size_t h = 0; h < n_heads; ++h) {
        float *a = heads + h * head_dim, *b = a + half;
        std::size_t i = 0;
        for (; i + 8 <= half; i += 8) {
            const __m256 low = _mm256_loadu_ps(cos_sin + 2 * i), high = _mm256_loadu_ps(cos_sin + 2 * i + 8);
            const __m256 first = _mm256_permute2f128_ps(low, high, 0x20),
                         second = _mm256_permute2f128_ps(low, high, 0x31);
            const __m256 c = _mm256_shuffle_ps(first, second, _MM_SHUFFLE(2, 0, 2, 0));
            const __m256 s = _mm256_shuffle_ps(first, second, _MM_SHUFFLE(3, 1, 3, 1));
            const __m256 x = _mm256_loadu_ps(a + i), y = _mm256_loadu_ps(b + i);
            _mm256_storeu_ps(a + i, _mm256_fmsub_ps(x, c, _mm256_mul_ps(y, s)));
            _mm256_storeu_ps(b + i, _mm256_fmadd_ps(y, c, _mm256_mul_ps(x, s)));
        }
        for (; i < half; ++i) rest::rotate(a[i], b[i], cos_sin[2 * i], cos_sin[2 * i + 1]);
    }
}

/// gate_value of eight values.
inline __m256 gate_values(__m256 g, __m256 t, __m256 u) noexcept {
    const __m256 one = _mm256_set1_ps(1.0f);
    const __m256 e = exp2_nonpositive_avx2(_mm256_or_ps(t, _mm256_set1_ps(-0.0f)));
    const __m256 numerator = _mm256_blendv_ps(one, e, t);  // by the sign bit
    return _mm256_mul_ps(_mm256_div_ps(_mm256_mul_ps(g, numerator), _mm256_add_ps(one, e)), u);
}

inline void silu_gated(float* gate, const float* up, std::size_t n) noexcept {
    const __m256 log2e = _mm256_set1_ps(std::numbers::log2e_v<float>);
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 g = _mm256_loadu_ps(gate + i);
        _mm256_storeu_ps(gate + i, gate_values(g, _mm256_mul_ps(g, log2e), _mm256_loadu_ps(up + i)));
    }
    rest::silu_gated(gate + i, up + i, n - i);
}

inline void gelu_tanh_gated(float* gate, const float* up, std::size_t n) noexcept {
    const __m256 linear = _mm256_set1_ps(gelu_linear), cubic = _mm256_set1_ps(gelu_cubic);
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 g = _mm256_loadu_ps(gate + i);
        const __m256 t = _mm256_mul_ps(g, _mm256_fmadd_ps(cubic, _mm256_mul_ps(g, g), linear));
        _mm256_storeu_ps(gate + i, gate_values(g, t, _mm256_loadu_ps(up + i)));
    }
    rest::gelu_tanh_gated(gate + i, up + i, n - i);
}

inline void silu_clamped_gated(float* gate, const float* up, std::size_t n) noexcept {
    const __m256 slope = _mm256_set1_ps(clamped_slope), one = _mm256_set1_ps(1.0f);
    const __m256 most = _mm256_set1_ps(clamped_limit), least = _mm256_set1_ps(-clamped_limit);
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8) {  // of two operands one of which is NaN, min and max give the second
        const __m256 g = _mm256_min_ps(most, _mm256_loadu_ps(gate + i));
        const __m256 u = _mm256_max_ps(least, _mm256_min_ps(most, _mm256_loadu_ps(up + i)));
        _mm256_storeu_ps(gate + i, gate_values(g, _mm256_mul_ps(g, slope), _mm256_add_ps(u, one)));
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

}  // namespace kernels::elementwise_avx2
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
