// SPDX-License-Identifier: Apache-2.0
// Many tokens, AVX2: the panel kernel. Tokens in lanes, weights broadcast, one skeleton for all block formats.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/kernels/panel_loops.hpp>
#include <nibble/kernels/quantize_avx2.hpp>
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

/// What multiplies the products of a sub-block: scale * k of each row and token, |scale * k| <= 128 * 8.
template <class F>
NIBBLE_INLINE __m256i factor(const quant::weight_panel<F>& w, __m256i k, std::size_t j) noexcept {
    if constexpr (F::has_scales) return _mm256_mullo_epi16(k, avx2::splat32(w.scale[j]));
    return k;
}

/// Adds to `acc` the products of sub-block `j` and one plane of codes. A lane of int16 takes `steps` steps of them,
/// then it is widened.
template <class F, std::size_t Rows, std::size_t Vecs>
NIBBLE_INLINE void add_sub_block(const quant::weight_panel<F>* const (&w)[Rows], const tokens_avx2<F>* const (&x)[Vecs],
                                 std::size_t j, std::size_t plane, __m256i (&acc)[Rows][Vecs]) noexcept {
    constexpr std::size_t steps = quant::steps_per_widening<F, quant::panel_order::halves>;
    // Factors that are used more than once wait in memory, where vpmaddwd reads them: registers are all taken.
    __m256i factors[Rows][Vecs];
    if constexpr (steps < 8) {
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) {
            const __m256i k = avx2::load(x[v]->k[j][0]);
            NIBBLE_UNROLL
            for (std::size_t r = 0; r < Rows; ++r) factors[r][v] = factor(*w[r], k, j);
        }
        asm("" : "+m"(factors));
    }
    NIBBLE_UNROLL
    for (std::size_t from = 0; from < 8; from += steps) {
        __m256i t[Rows][Vecs];
        NIBBLE_UNROLL
        for (std::size_t step = from; step < from + steps; ++step) {
            __m256i q[Vecs];
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < Vecs; ++v) q[v] = avx2::load(x[v]->q[j][step]);
            NIBBLE_UNROLL
            for (std::size_t r = 0; r < Rows; ++r) {
                const __m256i codes = avx2::splat32(w[r]->q[j][plane][step]);
                NIBBLE_UNROLL
                for (std::size_t v = 0; v < Vecs; ++v) {
                    const __m256i products = _mm256_maddubs_epi16(codes, q[v]);
                    t[r][v] = step == from ? products : _mm256_add_epi16(t[r][v], products);
                }
            }
            pin(t);
        }
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) {
            NIBBLE_UNROLL
            for (std::size_t r = 0; r < Rows; ++r) {
                __m256i scaled;
                if constexpr (steps < 8) {
                    scaled = factors[r][v];
                } else {
                    scaled = factor(*w[r], avx2::load(x[v]->k[j][0]), j);
                    if (quant::code_planes<F> == 2 && plane == 0) scaled = _mm256_slli_epi16(scaled, 4);
                }
                acc[r][v] = _mm256_add_epi32(acc[r][v], _mm256_madd_epi16(t[r][v], scaled));
            }
        }
        pin(acc);
    }
}

/// Takes S and M of one block, a row and a vector of tokens into their chains at `tile`.
template <class F>
NIBBLE_INLINE void add_to_chains(const quant::weight_panel<F>& w, const tokens_avx2<F>& x, __m256i s,
                                 float* tile) noexcept {
    if constexpr (F::offset != 0) {
        static_assert(F::offset <= 128);
        __m256i taken = _mm256_setzero_si256();
        NIBBLE_UNROLL
        for (std::size_t j = 0; j < F::block_size / 32; ++j) {
            const __m256i scale = F::has_scales ? avx2::splat32(w.scale[j]) : _mm256_set1_epi16(1);
            taken = _mm256_add_epi32(taken, _mm256_madd_epi16(scale, avx2::load(x.sum[j])));
        }
        s = _mm256_sub_epi32(s, _mm256_mullo_epi32(taken, _mm256_set1_epi32(F::offset)));
    }
    const __m256 d_x = _mm256_load_ps(x.d);
    __m256 chain = _mm256_loadu_ps(tile);
    chain = _mm256_fmadd_ps(_mm256_mul_ps(d_x, _mm256_set1_ps(w.d)), _mm256_cvtepi32_ps(s), chain);
    if constexpr (F::has_min) {
        __m256i m = _mm256_setzero_si256();
        if constexpr (F::has_scales) {
            NIBBLE_UNROLL
            for (std::size_t p = 0; p < F::block_size / 64; ++p)
                m = _mm256_add_epi32(m, _mm256_madd_epi16(avx2::splat32(w.min + 2 * p), avx2::load(x.sum32[p])));
        } else {
            m = _mm256_madd_epi16(_mm256_set1_epi16(1), avx2::load(x.sum[0]));
        }
        chain = _mm256_fmadd_ps(_mm256_mul_ps(d_x, _mm256_set1_ps(w.m)), _mm256_cvtepi32_ps(m), chain);
    }
    _mm256_storeu_ps(tile, chain);
}

/// Rows weight rows times Vecs vectors of tokens over `n_blocks` blocks; the chains so far of row r and vector v are at
/// `tile + v * tile_stride + 8 * r`. `x_stride` counts blocks.
template <class F, std::size_t Rows, std::size_t Vecs>
inline void panel_tile(const quant::weight_panel<F>* weights, const tokens_avx2<F>* tokens, std::size_t x_stride,
                       std::size_t n_blocks, float* tile, std::size_t tile_stride) noexcept {
    for (std::size_t b = 0; b < n_blocks; ++b) {
        const quant::weight_panel<F>* w[Rows];
        const tokens_avx2<F>* x[Vecs];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) w[r] = weights + r * n_blocks + b;
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
            for (std::size_t plane = 0; plane < quant::code_planes<F>; ++plane)
                add_sub_block<F, Rows, Vecs>(w, x, j, plane, acc);
        }
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < Vecs; ++v)
                add_to_chains<F>(*w[r], *x[v], acc[r][v], tile + v * tile_stride + 8 * r);
        }
    }
}

/// What panel_product asks for.
struct panel_kernel_avx2 {
    static constexpr std::size_t lanes = panel_lanes_avx2;
    static constexpr quant::panel_order order = quant::panel_order::halves;
    template <class F>
    using tokens = tokens_avx2<F>;

    /// Six int16 and six int32 accumulators, with the tokens, a weight and a temporary all 16 registers.
    template <std::size_t Vecs>
    static constexpr std::size_t tile_rows = 6 / Vecs;

    template <class F, std::size_t Vecs>
    static void tile(const quant::weight_panel<F>* weights, const tokens<F>* x, std::size_t x_stride,
                     std::size_t n_blocks, float* sums, std::size_t sums_stride) noexcept {
        panel_tile<F, tile_rows<Vecs>, Vecs>(weights, x, x_stride, n_blocks, sums, sums_stride);
    }
};

}  // namespace kernels
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
