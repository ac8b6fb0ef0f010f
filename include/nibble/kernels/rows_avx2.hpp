// SPDX-License-Identifier: Apache-2.0
// Few tokens, AVX2: weight rows straight from the mapping, four (row, token) pairs a step, one skeleton for all
// formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <nibble/quant/activation.hpp>
#include <nibble/quant/format_avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// Adds the products of sub-blocks J... of a K-format block, each times its scale * k.
/// A lane of `multiply` is at most 16,002, a factor at most 128 * 8: a pair of products is below 2^25.
template <class F, int... J>
inline __m256i sub_block_products(const typename F::block& w, const quant::activation_block<256>& x, __m256i factors,
                                  __m256i acc, std::integer_sequence<int, J...>) noexcept {
    using format = quant::avx2_format<F>;
    ((acc = _mm256_add_epi32(acc,
                             _mm256_madd_epi16(format::multiply(format::template codes<J>(w), avx2::load(x.q + 32 * J)),
                                               avx2::splat16<J>(factors)))),
     ...);
    return acc;
}

/// What one (row, token) pair contributes: int32 lanes whose sum is S, and M, of quant::dot.
struct pair_sums {
    __m256i s;
    __m128i m;
};

template <class F>
inline pair_sums block_sums(const typename F::block& w, const quant::activation_block<256>& x) noexcept {
    using format = quant::avx2_format<F>;
    const __m256i both = format::scales_and_mins(w);
    const __m256i scales = format::scales(both);
    __m256i acc = _mm256_setzero_si256();
    if constexpr (format::row_offset != 0) {
        static_assert(format::row_offset == 32);
        acc = _mm256_sub_epi32(acc, _mm256_slli_epi32(_mm256_madd_epi16(scales, avx2::load(x.sum)), 5));
    }
    // The sub-scales are free: one vpmullw a block makes scale * k, which has to be splat to the lanes anyway.
    const __m256i factors = _mm256_mullo_epi16(scales, avx2::load(x.k));
    pair_sums sums{sub_block_products<F>(w, x, factors, acc, std::make_integer_sequence<int, 8>{}), {}};
    if constexpr (F::has_min) {
        const __m128i sums32 = _mm_add_epi16(avx2::load128(x.sum), avx2::load128(x.sum + 8));  // |.| <= 32,512
        sums.m = _mm_madd_epi16(format::mins(both), sums32);
    }
    return sums;
}

template <class F>
inline pair_sums block_sums(const typename F::block& w, const quant::activation_block<32>& x) noexcept {
    using format = quant::avx2_format<F>;
    const __m256i factors =
        _mm256_shuffle_epi8(avx2::splat32(x.k), _mm256_setr_epi8(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 3,
                                                                 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3));
    const __m256i products = format::multiply(format::template codes<0>(w), avx2::load(x.q));
    const __m128i sum = _mm_cvtsi32_si128(x.sum[0] + x.sum[1]);  // lane 0; the other lanes are 0
    __m256i s = _mm256_madd_epi16(products, factors);
    if constexpr (format::row_offset != 0) {
        static_assert((format::row_offset & (format::row_offset - 1)) == 0);
        constexpr int shift = format::row_offset == 8 ? 3 : 4;
        static_assert(format::row_offset == 1 << shift);
        s = _mm256_sub_epi32(s, _mm256_zextsi128_si256(_mm_slli_epi32(sum, shift)));
    }
    return {s, sum};
}

/// How far ahead of the multiplication rows are fetched, in bytes: into the second cache level while memory answers,
/// and from there into the first. Rows are read in address order and the next one follows, so the fetch runs on over
/// the end of a row and of a page, where the hardware prefetcher stops. 24 % faster than
/// without on two threads of a Xeon (20.9 and 16.9 GB/s, far at 4096; 3072 is as good), 10 % faster than one distance.
inline constexpr std::size_t fetch_far = 3072, fetch_near = 512;

/// Fetches the `Bytes` that lie these distances after `p`.
template <std::size_t Bytes>
NIBBLE_INLINE void fetch(const void* p) noexcept {
    const char* at = static_cast<const char*>(p);
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < Bytes; i += 64) {
        _mm_prefetch(at + fetch_far + i, _MM_HINT_T1);
        _mm_prefetch(at + fetch_near + i, _MM_HINT_T0);
    }
}

/// One row with one token. Four blocks a step share the horizontal sums; their results then enter the chain in order.
template <class F>
inline float row_dot(const typename F::block* w, std::size_t n_blocks,
                     const quant::activation_block<F::block_size>* x) noexcept {
    using format = quant::avx2_format<F>;
    __m128 acc = _mm_setzero_ps();  // lane 0 is the chain
    for (std::size_t b = 0; b < n_blocks; b += 4) {
        const std::size_t last = n_blocks - b < 4 ? n_blocks - b - 1 : 3;
        pair_sums sums[4];
        const std::uint8_t *d_at[4], *m_at[4];
        alignas(16) float d_x[4];
        fetch<4 * sizeof(typename F::block)>(w + b);
        NIBBLE_UNROLL
        for (std::size_t i = 0; i < 4; ++i) {
            const std::size_t at = b + (i < last ? i : last);
            sums[i] = block_sums<F>(w[at], x[at]);
            d_at[i] = format::d_at(w[at]);
            if constexpr (F::has_min) m_at[i] = format::m_at(w[at]);
            d_x[i] = x[at].d;
        }
        const __m128 scale_x = _mm_load_ps(d_x);
        const __m128 d = _mm_mul_ps(scale_x, avx2::load_halves(d_at[0], d_at[1], d_at[2], d_at[3]));
        const __m128 s = _mm_cvtepi32_ps(avx2::transpose_add4(sums[0].s, sums[1].s, sums[2].s, sums[3].s));
        alignas(16) float d_lanes[4], s_lanes[4], m_lanes[4], min_lanes[4];
        _mm_store_ps(d_lanes, d);
        _mm_store_ps(s_lanes, s);
        if constexpr (F::has_min) {
            const __m128 halves = avx2::load_halves(m_at[0], m_at[1], m_at[2], m_at[3]);
            const __m128 m = _mm_mul_ps(scale_x, format::m_sign < 0 ? _mm_xor_ps(halves, _mm_set1_ps(-0.0f)) : halves);
            _mm_store_ps(m_lanes, m);
            _mm_store_ps(min_lanes, _mm_cvtepi32_ps(avx2::transpose_add4(sums[0].m, sums[1].m, sums[2].m, sums[3].m)));
        }
        for (std::size_t i = 0; i <= last; ++i) {
            acc = _mm_fmadd_ss(_mm_load_ss(d_lanes + i), _mm_load_ss(s_lanes + i), acc);
            if constexpr (F::has_min) acc = _mm_fmadd_ss(_mm_load_ss(m_lanes + i), _mm_load_ss(min_lanes + i), acc);
        }
    }
    return _mm_cvtss_f32(acc);
}

/// One row with 2 to 4 tokens: lane t of the accumulator is the chain of token t.
template <class F, std::size_t Tokens>
inline void row_tile(const typename F::block* w, std::size_t n_blocks, const quant::activation_block<F::block_size>* x,
                     float* out, std::size_t out_stride) noexcept {
    static_assert(Tokens >= 2 && Tokens <= 4);
    using format = quant::avx2_format<F>;
    __m128 acc = _mm_setzero_ps();
    for (std::size_t b = 0; b < n_blocks; ++b) {
        pair_sums sums[4] = {};
        alignas(16) float d_x[4] = {};
        fetch<sizeof(typename F::block)>(w + b);
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) {
            sums[t] = block_sums<F>(w[b], x[t * n_blocks + b]);
            d_x[t] = x[t * n_blocks + b].d;
        }
        const __m128 scale_x = _mm_load_ps(d_x);
        const __m128 d = _mm_mul_ps(scale_x, _mm_set1_ps(quant::load_half(format::d_at(w[b]))));
        const __m128i s = avx2::transpose_add4(sums[0].s, sums[1].s, sums[2].s, sums[3].s);
        acc = _mm_fmadd_ps(d, _mm_cvtepi32_ps(s), acc);
        if constexpr (F::has_min) {
            const __m128 m = _mm_mul_ps(scale_x, _mm_set1_ps(format::m_sign * quant::load_half(format::m_at(w[b]))));
            const __m128i sum = avx2::transpose_add4(sums[0].m, sums[1].m, sums[2].m, sums[3].m);
            acc = _mm_fmadd_ps(m, _mm_cvtepi32_ps(sum), acc);
        }
    }
    alignas(16) float lanes[4];
    _mm_store_ps(lanes, acc);
    for (std::size_t t = 0; t < Tokens; ++t) out[t * out_stride] = lanes[t];
}

/// rows_function of the block formats: row after row in address order, as the prefetchers of the machine like it. A row
/// stays in the first cache level while groups of up to four tokens pass.
template <class F>
inline void rows_avx2(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                      const void* x, std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    const std::size_t n_blocks = depth / F::block_size;
    const auto* tokens = static_cast<const quant::activation_block<F::block_size>*>(x);
    for (std::size_t r = 0; r < n_rows; ++r) {
        const auto* row = quant::blocks_of<F>(weights + r * row_bytes);
        std::size_t t = 0;
        for (; t + 4 <= n_tokens; t += 4)
            row_tile<F, 4>(row, n_blocks, tokens + t * n_blocks, out + t * out_stride + r, out_stride);
        const auto* rest = tokens + t * n_blocks;
        float* rest_out = out + t * out_stride + r;
        switch (n_tokens - t) {
            case 3: row_tile<F, 3>(row, n_blocks, rest, rest_out, out_stride); break;
            case 2: row_tile<F, 2>(row, n_blocks, rest, rest_out, out_stride); break;
            case 1: *rest_out = row_dot<F>(row, n_blocks, rest); break;
            default: break;
        }
    }
}

/// 8 weights of a float format as floats.
template <class F>
inline __m256 load_weights8(const std::byte* p) noexcept {
    if constexpr (F::type == data_type::f16) return _mm256_cvtph_ps(avx2::load128(p));
    if constexpr (F::type == data_type::bf16)
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(avx2::load128(p)), 16));
    return _mm256_loadu_ps(reinterpret_cast<const float*>(p));
}

/// One row of a float format with Tokens tokens: 32 partial sums each, as quant::dot_float says.
template <class F, int Tokens>
inline void float_row_tile(const std::byte* row, std::size_t depth, const float* x, float* out,
                           std::size_t out_stride) noexcept {
    __m256 acc[Tokens][4];
    NIBBLE_UNROLL
    for (int t = 0; t < Tokens; ++t) acc[t][0] = acc[t][1] = acc[t][2] = acc[t][3] = _mm256_setzero_ps();
    std::size_t i = 0;
    for (; i + 32 <= depth; i += 32) {
        _mm_prefetch(reinterpret_cast<const char*>(row + i * F::value_bytes + 1024), _MM_HINT_T0);
        NIBBLE_UNROLL
        for (int v = 0; v < 4; ++v) {
            const std::size_t at = i + 8 * static_cast<std::size_t>(v);
            const __m256 w = load_weights8<F>(row + at * F::value_bytes);
            NIBBLE_UNROLL
            for (int t = 0; t < Tokens; ++t)
                acc[t][v] =
                    _mm256_fmadd_ps(w, _mm256_loadu_ps(x + static_cast<std::size_t>(t) * depth + at), acc[t][v]);
        }
    }
    if (i < depth) {  // the rest, continued with zeros to 32
        std::byte tail[32 * F::value_bytes] = {};
        std::memcpy(tail, row + i * F::value_bytes, (depth - i) * F::value_bytes);
        for (int t = 0; t < Tokens; ++t) {
            float values[32] = {};
            std::memcpy(values, x + static_cast<std::size_t>(t) * depth + i, (depth - i) * sizeof(float));
            NIBBLE_UNROLL
            for (int v = 0; v < 4; ++v)
                acc[t][v] = _mm256_fmadd_ps(load_weights8<F>(tail + 8 * v * static_cast<int>(F::value_bytes)),
                                            _mm256_loadu_ps(values + 8 * v), acc[t][v]);
        }
    }
    NIBBLE_UNROLL
    for (int t = 0; t < Tokens; ++t) {
        const __m256 eight = _mm256_add_ps(_mm256_add_ps(acc[t][0], acc[t][2]), _mm256_add_ps(acc[t][1], acc[t][3]));
        const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
        const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        out[static_cast<std::size_t>(t) * out_stride] = _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
    }
}

/// rows_function of the float formats, any number of tokens: three share each load of the weights.
template <class F>
inline void float_rows_avx2(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                            const void* x, std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    const auto* tokens = static_cast<const float*>(x);
    for (std::size_t r = 0; r < n_rows; ++r) {
        const std::byte* row = weights + r * row_bytes;
        std::size_t t = 0;
        for (; t + 3 <= n_tokens; t += 3)
            float_row_tile<F, 3>(row, depth, tokens + t * depth, out + t * out_stride + r, out_stride);
        for (; t < n_tokens; ++t)
            float_row_tile<F, 1>(row, depth, tokens + t * depth, out + t * out_stride + r, out_stride);
    }
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
