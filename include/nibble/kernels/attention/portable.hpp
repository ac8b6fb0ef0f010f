// SPDX-License-Identifier: Apache-2.0
// Attention over one block of positions with portable vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <nibble/kernels/attention/attend.hpp>
#include <nibble/kernels/attention/attention.hpp>
#include <nibble/kernels/elementwise/exp2_portable.hpp>
#include <nibble/kernels/elementwise/soft_cap_portable.hpp>
#include <nibble/simd/portable.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels::attention_portable {

using portable::f32x4;

/// The values of a panel that lie side by side.
inline constexpr std::size_t vectors = attention_panel / 4;

/// Query rows that share the loads of a panel.
inline constexpr std::size_t tile_rows = 2;

/// Eight cached values as floats.
inline void convert(const std::uint16_t* from, float* to) noexcept {
    using namespace portable;
    const i16x8 halves = load(reinterpret_cast<const std::int16_t*>(from));
    store(to, half_to_float(widen_low(halves)));
    store(to + 4, half_to_float(widen_high(halves)));
}
inline void convert(const std::int16_t* from, float* to) noexcept {
    using namespace portable;
    const i16x8 codes = load(from);
    store(to, to_float(widen_low(codes)));
    store(to + 4, to_float(widen_high(codes)));
}
inline void convert(const std::int8_t* from, float* to) noexcept {
    for (std::size_t i = 0; i < 8; ++i) to[i] = static_cast<float>(from[i]);
}

/// out[r][0..15] = sum over k of a[r][k] * panel[k][0..15], each one chain of fma in order of k.
template <std::size_t Rows>
inline void multiply(const float* a, std::size_t a_stride, const float* panel, std::size_t depth, float* out,
                     std::size_t out_stride) noexcept {
    using namespace portable;
    f32x4 sum[Rows][vectors];
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < vectors; ++v) sum[r][v] = splat(0.0f);
    }
    for (std::size_t k = 0; k < depth; ++k) {
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < vectors; ++v) {
            const f32x4 values = load(panel + k * attention_panel + 4 * v);
            NIBBLE_UNROLL
            for (std::size_t r = 0; r < Rows; ++r)
                sum[r][v] = portable::fma(splat(a[r * a_stride + k]), values, sum[r][v]);
        }
    }
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < vectors; ++v) store(out + r * out_stride + 4 * v, sum[r][v]);
    }
}

/// Multiplies all rows by one panel of the cache, by way of a copy in floats: at most 8 KiB for 128 values of depth.
template <class Element>
inline void multiply_cached(std::size_t rows, const float* a, std::size_t a_stride, const Element* panel,
                            std::size_t depth, float* out, std::size_t out_stride, float* converted) noexcept {
    for (std::size_t i = 0; i < depth * attention_panel; i += 8) convert(panel + i, converted + i);
    std::size_t r = 0;
    for (; r + tile_rows <= rows; r += tile_rows)
        multiply<tile_rows>(a + r * a_stride, a_stride, converted, depth, out + r * out_stride, out_stride);
    for (; r < rows; ++r) multiply<1>(a + r * a_stride, a_stride, converted, depth, out + r * out_stride, out_stride);
}

/// Turns the scores of positions begin .. end - 1 (multiples of 16) of one row, which sees row_first .. row_end - 1 of
/// them, into weights.
template <class Cache>
inline void softmax_weights(float* p, std::size_t begin, std::size_t end, std::size_t row_first, std::size_t row_end,
                            float cap, const cache_block<Cache>& cache, float* max, float* sum) noexcept {
    using namespace portable;
    const auto fill_hidden = [=](float value) {
        for (std::size_t i = begin; i < end; ++i)
            if (i < row_first || i >= row_end) p[i] = value;
    };
    const float hidden = -std::numeric_limits<float>::infinity();
    if constexpr (Cache::scaled)
        for (std::size_t i = begin; i < end; i += 4)
            store(p + i, portable::fma(load(p + i), load(cache.key_scales + i), splat(0.0f)));
    if (cap > 0)
        for (std::size_t i = begin; i < end; i += 4) store(p + i, soft_cap_portable(load(p + i), cap));
    fill_hidden(hidden);
    f32x4 top = splat(hidden);
    for (std::size_t i = begin; i < end; i += 4) top = larger(top, load(p + i));
    float tops[4];
    store(tops, top);
    *max = hidden;
    for (const float lane : tops) *max = *max > lane ? *max : lane;

    f32x4 sums[vectors];
    for (f32x4& lanes : sums) lanes = splat(0.0f);
    for (std::size_t i = begin; i < end; i += attention_panel) {
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < vectors; ++v) {
            f32x4 weights = exp2_nonpositive_portable(load(p + i + 4 * v) - splat(*max));
            sums[v] = sums[v] + weights;
            if constexpr (Cache::scaled) weights = weights * load(cache.value_scales + i + 4 * v);
            store(p + i + 4 * v, weights);
        }
    }
    *sum = fold((sums[0] + sums[2]) + (sums[1] + sums[3]));
    if constexpr (Cache::scaled) fill_hidden(0.0f);  // a hidden scale may be NaN
}

/// See attention/attend.hpp.
struct steps {
    template <class Element>
    static void multiply_cached(std::size_t rows, const float* a, std::size_t a_stride, const Element* panel,
                                std::size_t depth, float* out, std::size_t out_stride, float* converted) noexcept {
        attention_portable::multiply_cached(rows, a, a_stride, panel, depth, out, out_stride, converted);
    }
    template <class Cache>
    static void softmax_weights(float* p, std::size_t begin, std::size_t end, std::size_t row_first,
                                std::size_t row_end, float cap, const cache_block<Cache>& cache, float* max,
                                float* sum) noexcept {
        attention_portable::softmax_weights(p, begin, end, row_first, row_end, cap, cache, max, sum);
    }
};

inline void merge(const attention_partial& total, const attention_partial& next, std::size_t rows,
                  std::size_t head_dim) noexcept {
    using namespace portable;
    const std::size_t stride = padded_head_dim(head_dim);
    for (std::size_t r = 0; r < rows; ++r) {
        const float max = total.max[r] > next.max[r] ? total.max[r] : next.max[r];
        const float a = exp2_nonpositive(total.max[r] - max), b = exp2_nonpositive(next.max[r] - max);
        total.max[r] = max;
        total.sum[r] = exact_fma(next.sum[r], b, exact_product(total.sum[r], a));
        float* acc = total.acc + r * stride;
        for (std::size_t d = 0; d < stride; d += 4)
            store(acc + d, portable::fma(load(next.acc + r * stride + d), splat(b), load(acc + d) * splat(a)));
    }
}

/// One position is stored as rarely as a token is read: the plain form serves.
template <class Cache>
inline constexpr attention_kernels table{&attention_scalar::store<Cache>, &kernels::attend<steps, Cache>, &merge,
                                         &attention_scalar::finish};

}  // namespace kernels::attention_portable
NIBBLE_NAMESPACE_END
