// SPDX-License-Identifier: Apache-2.0
// Many tokens, AVX-512 VNNI: the panel kernel with 16 tokens a vector, one skeleton for all block formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <nibble/kernels/panel_loops.hpp>
#include <nibble/kernels/quantize_avx2.hpp>
#include <nibble/quant/panel.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX512_VNNI
NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// Tokens a vector holds.
inline constexpr std::size_t panel_lanes_avx512 = 16;

template <std::size_t N>
using token_panel_avx512 = quant::activation_panel<N, panel_lanes_avx512, quant::panel_order::sequential>;
template <class F>
using tokens_avx512 = token_panel_avx512<F::block_size>;

/// The 4 bytes at `p` in every 32-bit lane.
NIBBLE_INLINE __m512i splat512(const void* p) noexcept {
    std::int32_t bits;
    std::memcpy(&bits, p, 4);
    return _mm512_set1_epi32(bits);
}

/// The masked form with every lane: the plain intrinsic makes g++ 12 warn about its own undefined operand.
NIBBLE_INLINE __m512 to_float512(__m512i v) noexcept { return _mm512_maskz_cvtepi32_ps(0xffff, v); }

/// Keeps accumulators where they are; see pin of AVX2. Here it is clang that would load all steps at once and spill.
template <std::size_t Vecs>
NIBBLE_INLINE void pin512(__m512i (&t)[Vecs]) noexcept {
    NIBBLE_UNROLL
    for (std::size_t v = 0; v < Vecs; ++v) asm("" : "+v"(t[v]));
}

/// Adds to `acc` the widened products of the 16 values of half `half` of sub-block j, row after row: the activations of
/// the half wait in registers, and the sums of a row are widened before the next row has any.
template <class F, std::size_t Rows, std::size_t Vecs>
NIBBLE_INLINE void multiply_half(const quant::weight_panel<F>* const (&w)[Rows],
                                 const tokens_avx512<F>* const (&x)[Vecs], std::size_t j, std::size_t half,
                                 __m512i (&acc)[Rows][Vecs]) noexcept {
    constexpr int steps = quant::steps_per_widening<F, quant::panel_order::sequential>;
    __m512i k[Vecs], q[4][Vecs];
    NIBBLE_UNROLL
    for (std::size_t v = 0; v < Vecs; ++v) k[v] = _mm512_load_si512(x[v]->k[j][half]);
    NIBBLE_UNROLL
    for (std::size_t s = 0; s < 4; ++s) {
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) q[s][v] = _mm512_load_si512(x[v]->q[j][4 * half + s]);
        pin512(q[s]);
    }
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
        NIBBLE_UNROLL
        for (std::size_t plane = 0; plane < quant::code_planes<F>; ++plane) {
            __m512i factor[Vecs];  // (scale * k, 0): the low word of a sum is the sum, the high word its sign
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < Vecs; ++v) {
                factor[v] = k[v];
                if constexpr (F::has_scales) factor[v] = _mm512_mullo_epi16(k[v], splat512(&w[r]->scale[j][half]));
                if (quant::code_planes<F> == 2 && plane == 0) factor[v] = _mm512_slli_epi16(k[v], 4);
            }
            NIBBLE_UNROLL
            for (std::size_t from = 0; from < 4; from += steps) {
                __m512i t[Vecs];
                NIBBLE_UNROLL
                for (std::size_t s = from; s < from + steps; ++s) {
                    const __m512i codes = splat512(w[r]->q[j][plane][4 * half + s]);
                    NIBBLE_UNROLL
                    for (std::size_t v = 0; v < Vecs; ++v)
                        t[v] = _mm512_dpbusd_epi32(s == from ? _mm512_setzero_si512() : t[v], codes, q[s][v]);
                    pin512(t);
                }
                NIBBLE_UNROLL
                for (std::size_t v = 0; v < Vecs; ++v) acc[r][v] = _mm512_dpwssd_epi32(acc[r][v], t[v], factor[v]);
                pin512(acc[r]);
            }
        }
    }
}

/// Rows weight rows times Vecs vectors of tokens over `n_blocks` blocks; see panel_tile of AVX2.
template <class F, std::size_t Rows, std::size_t Vecs>
inline void panel_tile_avx512(const quant::weight_panel<F>* weights, const tokens_avx512<F>* tokens,
                              std::size_t x_stride, std::size_t n_blocks, float* tile,
                              std::size_t tile_stride) noexcept {
    for (std::size_t b = 0; b < n_blocks; ++b) {
        const quant::weight_panel<F>* w[Rows];
        const tokens_avx512<F>* x[Vecs];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) w[r] = weights + r * n_blocks + b;
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) x[v] = tokens + v * x_stride + b;
        __m512i acc[Rows][Vecs];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < Vecs; ++v) acc[r][v] = _mm512_setzero_si512();
        }
        NIBBLE_ROLLED
        for (std::size_t j = 0; j < F::block_size / 32; ++j) {
            multiply_half<F, Rows, Vecs>(w, x, j, 0, acc);
            multiply_half<F, Rows, Vecs>(w, x, j, 1, acc);
        }
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < Vecs; ++v) {
                __m512i s = acc[r][v];
                if constexpr (F::offset != 0) {
                    __m512i taken = _mm512_setzero_si512();
                    NIBBLE_UNROLL
                    for (std::size_t j = 0; j < F::block_size / 32; ++j)
                        taken =
                            _mm512_dpwssd_epi32(taken, F::has_scales ? splat512(w[r]->scale[j]) : _mm512_set1_epi16(1),
                                                _mm512_load_si512(x[v]->sum[j]));
                    s = _mm512_sub_epi32(s, _mm512_mullo_epi32(taken, _mm512_set1_epi32(F::offset)));
                }
                float* at = tile + v * tile_stride + panel_lanes_avx512 * r;
                const __m512 d_x = _mm512_load_ps(x[v]->d);
                __m512 chain = _mm512_loadu_ps(at);
                chain = _mm512_fmadd_ps(_mm512_mul_ps(d_x, _mm512_set1_ps(w[r]->d)), to_float512(s), chain);
                if constexpr (F::has_min) {
                    __m512i m = _mm512_setzero_si512();
                    if constexpr (F::has_scales) {
                        NIBBLE_UNROLL
                        for (std::size_t p = 0; p < F::block_size / 64; ++p)
                            m = _mm512_dpwssd_epi32(m, splat512(w[r]->min + 2 * p), _mm512_load_si512(x[v]->sum32[p]));
                    } else {
                        m = _mm512_madd_epi16(_mm512_set1_epi16(1), _mm512_load_si512(x[v]->sum[0]));
                    }
                    chain = _mm512_fmadd_ps(_mm512_mul_ps(d_x, _mm512_set1_ps(w[r]->m)), to_float512(m), chain);
                }
                _mm512_storeu_ps(at, chain);
            }
        }
    }
}

/// What panel_product asks for.
struct panel_kernel_avx512 {
    static constexpr std::size_t lanes = panel_lanes_avx512;
    static constexpr quant::panel_order order = quant::panel_order::sequential;
    template <class F>
    using tokens = tokens_avx512<F>;

    /// 12 accumulators, 8 vectors of activations, 2 each of sub-scales, factors and sums, a weight: 27 of 32 registers.
    template <std::size_t>
    static constexpr std::size_t tile_rows = 6;

    template <class F, std::size_t Vecs>
    static void tile(const quant::weight_panel<F>* weights, const tokens<F>* x, std::size_t x_stride,
                     std::size_t n_blocks, float* sums, std::size_t sums_stride) noexcept {
        panel_tile_avx512<F, tile_rows<Vecs>, Vecs>(weights, x, x_stride, n_blocks, sums, sums_stride);
    }
};

/// quantize_panel_function with the lanes and the order of this kernel.
template <std::size_t N>
inline void quantize_panel_avx512(const float* x, std::size_t stride, std::size_t n_tokens, std::size_t depth,
                                  void* out) noexcept {
    auto* panels = static_cast<token_panel_avx512<N>*>(out);
    for (std::size_t b = 0; b < depth / N; ++b)
        for (std::size_t lane = 0; lane < panel_lanes_avx512; ++lane) {
            quant::activation_block<N> block;
            if (lane < n_tokens)
                quantize_block_avx2<N>(x + lane * stride + b * N, block);
            else
                block = {};
            panels[b].set_scales(lane, block);
            for (std::size_t j = 0; j < N / 32; ++j)
                for (std::size_t s = 0; s < 8; ++s) std::memcpy(panels[b].q[j][s][lane], block.q + 32 * j + 4 * s, 4);
        }
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
