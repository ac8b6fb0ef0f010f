// SPDX-License-Identifier: Apache-2.0
// Many tokens, AVX2: the panel kernel. Tokens in lanes, weights broadcast, one skeleton for all block formats.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/kernels/panel.hpp>
#include <nibble/kernels/quantize_avx2.hpp>
#include <nibble/kernels/unpack_avx2.hpp>
#include <nibble/quant/panel.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels {

template <class F>
using tokens_avx2 = token_panel_avx2<F::block_size>;

/// Keeps the int16 accumulators where they are. g++ otherwise reassociates the chains of integer additions, puts all
/// multiplications first and spills: 25 MAC a cycle instead of 38.
template <std::size_t Rows, std::size_t Vecs>
NIBBLE_INLINE void pin(__m256i (&t)[Rows][Vecs]) noexcept {
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) asm("" : "+x"(t[r][v]));
    }
}

/// Adds to `acc` the widened products of Steps steps of one sub-block and plane, beginning with step `from`.
template <class F, std::size_t Rows, std::size_t Vecs, int Steps>
NIBBLE_INLINE void widen_steps(const quant::weight_panel<F>* const (&w)[Rows], const tokens_avx2<F>* const (&x)[Vecs],
                               std::size_t j, std::size_t plane, std::size_t from,
                               __m256i (&acc)[Rows][Vecs]) noexcept {
    __m256i t[Rows][Vecs];
    NIBBLE_UNROLL
    for (int s = 0; s < Steps; ++s) {
        const std::size_t step = from + static_cast<std::size_t>(s);
        __m256i q[Vecs];
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) q[v] = avx2::load(x[v]->q[j][step]);
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            const __m256i codes = avx2::splat32(w[r]->q[j][plane][step]);
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < Vecs; ++v) {
                const __m256i products = _mm256_maddubs_epi16(codes, q[v]);
                t[r][v] = s == 0 ? products : _mm256_add_epi16(t[r][v], products);
            }
        }
        pin(t);
    }
    NIBBLE_UNROLL
    for (std::size_t v = 0; v < Vecs; ++v) {
        const __m256i k = avx2::load(x[v]->k[j][0]);
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            __m256i factor = k;  // |scale * k| <= 128 * 8
            if constexpr (F::has_scales) factor = _mm256_mullo_epi16(k, avx2::splat32(w[r]->scale[j]));
            if (quant::code_planes<F> == 2 && plane == 0) factor = _mm256_slli_epi16(k, 4);
            acc[r][v] = _mm256_add_epi32(acc[r][v], _mm256_madd_epi16(t[r][v], factor));
        }
    }
    pin(acc);
}

/// Rows weight rows times Vecs vectors of tokens over `n_blocks` blocks; `tile[r * tile_stride + 8 v ...]` holds the
/// chains so far. `w_stride` and `x_stride` count blocks.
template <class F, std::size_t Rows, std::size_t Vecs>
inline void panel_tile(const quant::weight_panel<F>* weights, std::size_t w_stride, const tokens_avx2<F>* tokens,
                       std::size_t x_stride, std::size_t n_blocks, float* tile, std::size_t tile_stride) noexcept {
    constexpr int steps = quant::steps_per_widening<F, quant::panel_order::halves>;
    for (std::size_t b = 0; b < n_blocks; ++b) {
        const quant::weight_panel<F>* w[Rows];
        const tokens_avx2<F>* x[Vecs];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) w[r] = weights + r * w_stride + b;
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) x[v] = tokens + v * x_stride + b;
        __m256i acc[Rows][Vecs];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < Vecs; ++v) acc[r][v] = _mm256_setzero_si256();
        }
        NIBBLE_ROLLED
        for (std::size_t j = 0; j < F::block_size / 32; ++j) {
            NIBBLE_UNROLL
            for (std::size_t plane = 0; plane < quant::code_planes<F>; ++plane) {
                NIBBLE_UNROLL
                for (std::size_t from = 0; from < 8; from += steps)
                    widen_steps<F, Rows, Vecs, steps>(w, x, j, plane, from, acc);
            }
        }

        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < Vecs; ++v) {
                __m256i s = acc[r][v];
                if constexpr (F::offset != 0) {
                    static_assert(F::offset <= 128);
                    __m256i taken = _mm256_setzero_si256();
                    NIBBLE_UNROLL
                    for (std::size_t j = 0; j < F::block_size / 32; ++j) {
                        const __m256i scale = F::has_scales ? avx2::splat32(w[r]->scale[j]) : _mm256_set1_epi16(1);
                        taken = _mm256_add_epi32(taken, _mm256_madd_epi16(scale, avx2::load(x[v]->sum[j])));
                    }
                    s = _mm256_sub_epi32(s, _mm256_mullo_epi32(taken, _mm256_set1_epi32(F::offset)));
                }
                float* at = tile + r * tile_stride + 8 * v;
                const __m256 d_x = _mm256_load_ps(x[v]->d);
                __m256 chain = _mm256_loadu_ps(at);
                chain = _mm256_fmadd_ps(_mm256_mul_ps(d_x, _mm256_set1_ps(w[r]->d)), _mm256_cvtepi32_ps(s), chain);
                if constexpr (F::has_min) {
                    __m256i m = _mm256_setzero_si256();
                    if constexpr (F::has_scales) {
                        NIBBLE_UNROLL
                        for (std::size_t p = 0; p < F::block_size / 64; ++p)
                            m = _mm256_add_epi32(
                                m, _mm256_madd_epi16(avx2::splat32(w[r]->min + 2 * p), avx2::load(x[v]->sum32[p])));
                    } else {
                        m = _mm256_madd_epi16(_mm256_set1_epi16(1), avx2::load(x[v]->sum[0]));
                    }
                    chain = _mm256_fmadd_ps(_mm256_mul_ps(d_x, _mm256_set1_ps(w[r]->m)), _mm256_cvtepi32_ps(m), chain);
                }
                _mm256_storeu_ps(at, chain);
            }
        }
    }
}

/// Rows of the micro-kernel: 3 x 2 vectors of int16 and of int32 accumulators, 2 of tokens, a weight, a temporary: all
/// 16 registers.
inline constexpr std::size_t tile_rows_avx2 = 3;

/// All row groups of an unpacked chunk times one group of 8 or 16 tokens. `n_rows` is a multiple of tile_rows_avx2.
template <class F, std::size_t Vecs>
inline void panel_rows(const quant::weight_panel<F>* weights, std::size_t n_rows, const tokens_avx2<F>* tokens,
                       std::size_t x_stride, std::size_t n_blocks, float* tile, std::size_t tile_stride) noexcept {
    for (std::size_t r = 0; r < n_rows; r += tile_rows_avx2)
        panel_tile<F, tile_rows_avx2, Vecs>(weights + r * n_blocks, n_blocks, tokens, x_stride, n_blocks,
                                            tile + r * tile_stride, tile_stride);
}

/// panel_function: see kernels/panel.hpp for the blocking.
template <class F>
inline void panel_avx2(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                       const void* x, std::size_t n_tokens, float* out, std::size_t out_stride,
                       panel_scratch& scratch) noexcept {
    constexpr std::size_t chunk_blocks = panel_chunk / F::block_size;
    const std::size_t n_blocks = depth / F::block_size;
    const std::size_t padded_rows = (n_rows + tile_rows_avx2 - 1) / tile_rows_avx2 * tile_rows_avx2;
    const auto* tokens = static_cast<const tokens_avx2<F>*>(x);
    auto* weights = reinterpret_cast<quant::weight_panel<F>*>(scratch.weights);
    static_assert(sizeof(quant::weight_panel<F>) * chunk_blocks * panel_rows_max <= sizeof scratch.weights);

    for (std::size_t first = 0; first < n_tokens; first += panel_tokens_max) {
        const std::size_t here = n_tokens - first < panel_tokens_max ? n_tokens - first : panel_tokens_max;
        const std::size_t n_groups = (here + 7) / 8, tile_stride = n_groups * 8;
        const auto* group0 = tokens + first / 8 * n_blocks;
        for (std::size_t i = 0; i < padded_rows * tile_stride; i += 8)
            _mm256_storeu_ps(scratch.tile + i, _mm256_setzero_ps());
        for (std::size_t b = 0; b < n_blocks; b += chunk_blocks) {
            const std::size_t count = n_blocks - b < chunk_blocks ? n_blocks - b : chunk_blocks;
            unpack_rows<quant::panel_order::halves, F>(rows, row_bytes, n_rows, padded_rows, b, count, weights);
            std::size_t g = 0;
            for (; g + 2 <= n_groups; g += 2)
                panel_rows<F, 2>(weights, padded_rows, group0 + g * n_blocks + b, n_blocks, count, scratch.tile + 8 * g,
                                 tile_stride);
            if (g < n_groups)
                panel_rows<F, 1>(weights, padded_rows, group0 + g * n_blocks + b, n_blocks, count, scratch.tile + 8 * g,
                                 tile_stride);
        }
        for (std::size_t t = 0; t < here; ++t)
            for (std::size_t r = 0; r < n_rows; ++r)
                out[(first + t) * out_stride + r] = scratch.tile[r * tile_stride + t];
    }
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
