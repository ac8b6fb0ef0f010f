// SPDX-License-Identifier: Apache-2.0
// Attention over one block of positions with AVX2, FMA and F16C.
#pragma once

#include <nibble/kernels/attention/attend.hpp>
#include <nibble/kernels/attention/attention.hpp>
#include <nibble/kernels/elementwise/exp2_avx2.hpp>
#include <nibble/kernels/elementwise/soft_cap_avx2.hpp>
#include <nibble/simd/region.hpp>

#if NIBBLE_X86_64

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels::attention_avx2 {

/// Query rows in registers: 6 rows x 2 vectors are 12 chains of fma, enough to cover a latency of 4 at two a cycle;
/// with the two panel vectors and a broadcast that is 15 of 16 registers, and 8 loads go with 12 fma.
inline constexpr std::size_t tile_rows = 6;

inline __m256 load_floats(const float* p) noexcept { return _mm256_loadu_ps(p); }
inline __m256 load_floats(const std::uint16_t* p) noexcept {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline __m256 load_floats(const std::int16_t* p) noexcept {
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline __m256 load_floats(const std::int8_t* p) noexcept {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}

/// A panel of the cache is about a page, where the hardware's own prefetching ends; the panel that follows is fetched
/// while one is used. One token at 16,384 positions, one core, not in its L2: 6.4 GB/s without, 8.8 with.
inline void prefetch(const void* p) noexcept { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }

/// out[r][0..15] = sum over k of a[r][k] * panel[k][0..15], each one chain of fma in order of k.
template <std::size_t Rows, class Element>
inline void multiply(const float* a, std::size_t a_stride, const Element* panel, std::size_t depth, float* out,
                     std::size_t out_stride) noexcept {
    __m256 sum[Rows][2];
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) sum[r][0] = sum[r][1] = _mm256_setzero_ps();
    for (std::size_t k = 0; k < depth; ++k) {
        if constexpr (sizeof(Element) < sizeof(float)) prefetch(panel + (k + depth) * attention_panel);
        const __m256 low = load_floats(panel + k * attention_panel);
        const __m256 high = load_floats(panel + k * attention_panel + 8);
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            const __m256 x = _mm256_broadcast_ss(a + r * a_stride + k);
            sum[r][0] = _mm256_fmadd_ps(x, low, sum[r][0]);
            sum[r][1] = _mm256_fmadd_ps(x, high, sum[r][1]);
        }
    }
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
        _mm256_storeu_ps(out + r * out_stride, sum[r][0]);
        _mm256_storeu_ps(out + r * out_stride + 8, sum[r][1]);
    }
}

template <class Element>
inline void multiply_rows(std::size_t rows, const float* a, std::size_t a_stride, const Element* panel,
                          std::size_t depth, float* out, std::size_t out_stride) noexcept {
    for (; rows >= tile_rows; rows -= tile_rows, a += tile_rows * a_stride, out += tile_rows * out_stride)
        multiply<tile_rows>(a, a_stride, panel, depth, out, out_stride);
    switch (rows) {
        case 5: return multiply<5>(a, a_stride, panel, depth, out, out_stride);
        case 4: return multiply<4>(a, a_stride, panel, depth, out, out_stride);
        case 3: return multiply<3>(a, a_stride, panel, depth, out, out_stride);
        case 2: return multiply<2>(a, a_stride, panel, depth, out, out_stride);
        case 1: return multiply<1>(a, a_stride, panel, depth, out, out_stride);
        default: return;
    }
}

/// Multiplies all rows by one panel of the cache. One tile of rows converts the panel on the way; more rows read a
/// copy in floats, at most 8 KiB in L1 for 128 values of depth.
template <class Element>
inline void multiply_cached(std::size_t rows, const float* a, std::size_t a_stride, const Element* panel,
                            std::size_t depth, float* out, std::size_t out_stride, float* converted) noexcept {
    if (rows <= tile_rows) return multiply_rows(rows, a, a_stride, panel, depth, out, out_stride);
    const std::size_t size = depth * attention_panel;
    for (std::size_t i = 0; i < size; i += 8) {
        prefetch(panel + size + i);
        _mm256_storeu_ps(converted + i, load_floats(panel + i));
    }
    multiply_rows(rows, a, a_stride, static_cast<const float*>(converted), depth, out, out_stride);
}

inline float largest_lane(__m256 v) noexcept {
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

/// Folds the lanes in halves: 8, 4, 2, 1.
inline float sum_lanes(__m256 low, __m256 high) noexcept {
    const __m256 v8 = _mm256_add_ps(low, high);
    const __m128 v4 = _mm_add_ps(_mm256_castps256_ps128(v8), _mm256_extractf128_ps(v8, 1));
    const __m128 v2 = _mm_add_ps(v4, _mm_movehl_ps(v4, v4));
    return _mm_cvtss_f32(_mm_add_ss(v2, _mm_movehdup_ps(v2)));
}

/// Sets what a row does not see of positions begin .. end - 1.
inline void fill_hidden(float* p, std::size_t begin, std::size_t end, std::size_t row_first, std::size_t row_end,
                        float value) noexcept {
    for (std::size_t i = begin; i < row_first && i < end; ++i) p[i] = value;
    for (std::size_t i = row_end; i < end; ++i) p[i] = value;
}

/// Turns the scores of positions begin .. end - 1 (multiples of 16) of one row, which sees row_first .. row_end - 1 of
/// them, into weights.
template <class Cache>
inline void softmax_weights(float* p, std::size_t begin, std::size_t end, std::size_t row_first, std::size_t row_end,
                            float cap, const cache_block<Cache>& cache, float* max, float* sum) noexcept {
    const float hidden = -std::numeric_limits<float>::infinity();
    __m256 top_low = _mm256_set1_ps(hidden), top_high = top_low;
    if constexpr (Cache::scaled) {
        const __m256 zero = _mm256_setzero_ps();
        for (std::size_t i = begin; i < end; i += 8)
            _mm256_storeu_ps(p + i,
                             _mm256_fmadd_ps(_mm256_loadu_ps(p + i), _mm256_loadu_ps(cache.key_scales + i), zero));
    }
    if (cap > 0)
        for (std::size_t i = begin; i < end; i += 8)
            _mm256_storeu_ps(p + i, soft_cap_avx2(_mm256_loadu_ps(p + i), cap));
    fill_hidden(p, begin, end, row_first, row_end, hidden);
    for (std::size_t i = begin; i < end; i += attention_panel) {
        top_low = _mm256_max_ps(top_low, _mm256_loadu_ps(p + i));
        top_high = _mm256_max_ps(top_high, _mm256_loadu_ps(p + i + 8));
    }
    *max = largest_lane(_mm256_max_ps(top_low, top_high));

    const __m256 top = _mm256_set1_ps(*max);
    __m256 sum_low = _mm256_setzero_ps(), sum_high = sum_low;
    for (std::size_t i = begin; i < end; i += attention_panel) {
        __m256 low = exp2_nonpositive_avx2(_mm256_sub_ps(_mm256_loadu_ps(p + i), top));
        __m256 high = exp2_nonpositive_avx2(_mm256_sub_ps(_mm256_loadu_ps(p + i + 8), top));
        sum_low = _mm256_add_ps(sum_low, low);
        sum_high = _mm256_add_ps(sum_high, high);
        if constexpr (Cache::scaled) {
            low = _mm256_mul_ps(low, _mm256_loadu_ps(cache.value_scales + i));
            high = _mm256_mul_ps(high, _mm256_loadu_ps(cache.value_scales + i + 8));
        }
        _mm256_storeu_ps(p + i, low);
        _mm256_storeu_ps(p + i + 8, high);
    }
    *sum = sum_lanes(sum_low, sum_high);
    if constexpr (Cache::scaled) fill_hidden(p, begin, end, row_first, row_end, 0.0f);  // a hidden scale may be NaN
}

/// See attention/attend.hpp.
struct steps {
    template <class Element>
    static void multiply_cached(std::size_t rows, const float* a, std::size_t a_stride, const Element* panel,
                                std::size_t depth, float* out, std::size_t out_stride, float* converted) noexcept {
        attention_avx2::multiply_cached(rows, a, a_stride, panel, depth, out, out_stride, converted);
    }
    template <class Cache>
    static void softmax_weights(float* p, std::size_t begin, std::size_t end, std::size_t row_first,
                                std::size_t row_end, float cap, const cache_block<Cache>& cache, float* max,
                                float* sum) noexcept {
        attention_avx2::softmax_weights(p, begin, end, row_first, row_end, cap, cache, max, sum);
    }
};

inline void merge(const attention_partial& total, const attention_partial& next, std::size_t rows,
                  std::size_t head_dim) noexcept {
    const std::size_t stride = padded_head_dim(head_dim);
    for (std::size_t r = 0; r < rows; ++r) {
        const __m256 old_max = _mm256_broadcast_ss(total.max + r), next_max = _mm256_broadcast_ss(next.max + r);
        const __m256 max = _mm256_max_ps(old_max, next_max);
        const __m256 a = exp2_nonpositive_avx2(_mm256_sub_ps(old_max, max));
        const __m256 b = exp2_nonpositive_avx2(_mm256_sub_ps(next_max, max));
        const __m256 sum =
            _mm256_fmadd_ps(_mm256_broadcast_ss(next.sum + r), b, _mm256_mul_ps(_mm256_broadcast_ss(total.sum + r), a));
        total.max[r] = _mm256_cvtss_f32(max);
        total.sum[r] = _mm256_cvtss_f32(sum);
        float* acc = total.acc + r * stride;
        for (std::size_t d = 0; d < stride; d += 8) {
            const __m256 old = _mm256_mul_ps(_mm256_loadu_ps(acc + d), a);
            _mm256_storeu_ps(acc + d, _mm256_fmadd_ps(_mm256_loadu_ps(next.acc + r * stride + d), b, old));
        }
    }
}

inline std::uint32_t largest_magnitude(const float* x, std::size_t n) noexcept {
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    __m256i top = _mm256_setzero_si256();
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8)
        top = _mm256_max_epu32(top, _mm256_and_si256(magnitude, _mm256_castps_si256(_mm256_loadu_ps(x + i))));
    __m128i m = _mm_max_epu32(_mm256_castsi256_si128(top), _mm256_extracti128_si256(top, 1));
    m = _mm_max_epu32(m, _mm_shuffle_epi32(m, 0x4e));
    m = _mm_max_epu32(m, _mm_shuffle_epi32(m, 0xb1));
    const auto bits = static_cast<std::uint32_t>(_mm_cvtsi128_si32(m));
    const std::uint32_t rest = attention_scalar::largest_magnitude(x + i, n - i);
    return bits > rest ? bits : rest;
}

/// Eight values as they are stored.
inline void encode(const float* x, float, std::uint16_t* codes) noexcept {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(codes), _mm256_cvtps_ph(_mm256_loadu_ps(x), _MM_FROUND_TO_NEAREST_INT));
}
inline __m128i encode16(const float* x, float inverse) noexcept {
    if (!(inverse > 0)) return _mm_setzero_si128();
    const __m256i q = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), _mm256_set1_ps(inverse)));
    return _mm_packs_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
}
inline void encode(const float* x, float inverse, std::int16_t* codes) noexcept {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(codes), encode16(x, inverse));
}
inline void encode(const float* x, float inverse, std::int8_t* codes) noexcept {
    const __m128i q = encode16(x, inverse);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(codes), _mm_packs_epi16(q, q));
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
    for (std::size_t d = 0; d < head_dim; d += 8) {
        const std::size_t count = head_dim - d < 8 ? head_dim - d : 8;
        float k8[8] = {}, v8[8] = {};
        std::memcpy(k8, k + d, count * sizeof(float));
        std::memcpy(v8, v + d, count * sizeof(float));
        typename Cache::element codes[8];
        encode(k8, k_inverse, codes);
        for (std::size_t i = 0; i < count; ++i) to.keys[to.key(position, d + i, head_dim)] = codes[i];
        encode(v8, v_inverse, codes);
        std::memcpy(to.values + to.value(position, d), codes, count * sizeof(codes[0]));
    }
}

template <class Cache>
inline constexpr attention_kernels table{&store<Cache>, &kernels::attend<steps, Cache>, &merge,
                                         &attention_scalar::finish};

}  // namespace kernels::attention_avx2
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
