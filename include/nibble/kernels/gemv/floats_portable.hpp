// SPDX-License-Identifier: Apache-2.0
// Float weights, portable vectors: 32 partial sums a row and token, the rows straight from the mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <nibble/quant/format.hpp>
#include <nibble/simd/portable.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemv_portable {

using portable::f32x4;

struct eight_floats {
    f32x4 low, high;
};

/// 8 weights of a float format as floats.
template <class F>
NIBBLE_INLINE eight_floats load_weights8(const std::byte* p) noexcept {
    using namespace portable;
    if constexpr (F::type == data_type::f32) {
        const auto* floats = reinterpret_cast<const float*>(p);
        return {load(floats), load(floats + 4)};
    } else {
        const auto words = load(reinterpret_cast<const std::int16_t*>(p));
        const i32x4 low = widen_low(words), high = widen_high(words);
        if constexpr (F::type == data_type::f16) return {half_to_float(low), half_to_float(high)};
        return {float_of(shift_left<16>(low)), float_of(shift_left<16>(high))};
    }
}

/// 32 weights with the values of Tokens tokens at `x`, `stride` apart: value i to partial sum i.
template <class F, std::size_t Tokens>
NIBBLE_INLINE void add_floats(const std::byte* weights, const float* x, std::size_t stride,
                              f32x4 (&sums)[Tokens][8]) noexcept {
    NIBBLE_UNROLL
    for (std::size_t v = 0; v < 8; v += 2) {
        const eight_floats w = load_weights8<F>(weights + 4 * v * F::value_bytes);
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) {
            const float* values = x + t * stride + 4 * v;
            sums[t][v] = portable::fma(w.low, portable::load(values), sums[t][v]);
            sums[t][v + 1] = portable::fma(w.high, portable::load(values + 4), sums[t][v + 1]);
        }
    }
}

/// One row of a float format with Tokens tokens, as quant::dot_float says.
template <class F, std::size_t Tokens>
inline void float_tile(const std::byte* row, std::size_t depth, const float* x, float* out,
                       std::size_t out_stride) noexcept {
    f32x4 sums[Tokens][8];
    for (auto& token : sums)
        for (f32x4& four : token) four = portable::splat(0.0f);
    const std::size_t whole = depth / 32 * 32, rest = depth % 32;
    for (std::size_t i = 0; i < whole; i += 32) add_floats<F>(row + i * F::value_bytes, x + i, depth, sums);
    if (rest > 0) {  // continued with zeros
        std::byte weights[32 * F::value_bytes] = {};
        float values[Tokens][32] = {};
        std::memcpy(weights, row + whole * F::value_bytes, rest * F::value_bytes);
        for (std::size_t t = 0; t < Tokens; ++t) std::memcpy(values[t], x + t * depth + whole, rest * sizeof(float));
        add_floats<F>(weights, values[0], 32, sums);
    }
    for (std::size_t t = 0; t < Tokens; ++t) out[t * out_stride] = portable::fold(sums[t]);
}

/// gemv_function of the float formats, any number of tokens: two share each load of the weights.
template <class F>
inline void gemv_floats(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                        const void* x, std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    const auto* tokens = static_cast<const float*>(x);
    for (std::size_t r = 0; r < n_rows; ++r) {
        const std::byte* row = weights + r * row_bytes;
        std::size_t t = 0;
        for (; t + 2 <= n_tokens; t += 2)
            float_tile<F, 2>(row, depth, tokens + t * depth, out + t * out_stride + r, out_stride);
        if (t < n_tokens) float_tile<F, 1>(row, depth, tokens + t * depth, out + t * out_stride + r, out_stride);
    }
}

}  // namespace kernels::gemv_portable
NIBBLE_NAMESPACE_END
