// SPDX-License-Identifier: Apache-2.0
// Many tokens, AVX-512 VNNI: the micro-kernel with 16 tokens a vector, one for all block formats.
#pragma once

#include <cstddef>
#include <cstring>

#include <nibble/kernels/gemm/avx2.hpp>
#include <nibble/simd/avx512.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX512_VNNI
NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemm_avx512 {

/// Tokens that a vector holds, and rows of a block of packed weights.
inline constexpr std::size_t token_group = 16, row_group = 6;

template <std::size_t N>
using packed_tokens = lane_tokens<N, token_group, step_order::sequential>;
template <class F>
using shape = shape_of<F, step_order::sequential>;
template <class F>
using packed_weights = row_group_codes<F, row_group>;

/// Keeps accumulators where they are; see pin of AVX2. Here it is clang that would load all steps at once and spill.
template <std::size_t Vecs>
NIBBLE_INLINE void pin(__m512i (&t)[Vecs]) noexcept {
    NIBBLE_UNROLL
    for (std::size_t v = 0; v < Vecs; ++v) NIBBLE_PIN("v", t[v]);
}

/// Whether sums of products are kept to the 16 bits that vpdpwssd multiplies. Sums of one step each, of larger codes,
/// would be too many: there the 16 products of a half are one sum of 20 bits, which vpmulld multiplies (IQ4_NL: 30
/// instead of 19 MAC a cycle with two planes of codes; Q6_K: 34 instead of 24 with four sums).
template <class F>
inline constexpr bool narrow_sums = F::q_max <= 31;

/// What multiplies the sums of a half: scale * k of a row and each token, `k` being (k, 0), in the low word or as
/// int32.
template <class F>
NIBBLE_INLINE __m512i factor(const row_codes<F>& w, __m512i k, std::size_t j, std::size_t half) noexcept {
    if constexpr (!F::has_scales) return k;
    const __m512i scale = avx512::splat32(&w.scale[j][half]);
    return narrow_sums<F> ? _mm512_mullo_epi16(k, scale) : _mm512_madd_epi16(k, scale);
}

/// acc + sums * factor.
template <class F>
NIBBLE_INLINE __m512i add_scaled(__m512i acc, __m512i sums, __m512i factor) noexcept {
    if constexpr (narrow_sums<F>)  // the low word of a sum is the sum, the high word its sign, which meets 0
        return _mm512_dpwssd_epi32(acc, sums, factor);
    return _mm512_add_epi32(acc, _mm512_mullo_epi32(sums, factor));
}

/// Adds to `acc` the widened products of the 16 values of half `half` of sub-block j, row after row: the activations of
/// the half wait in registers, and the sums of a row are widened before the next row has any.
template <class F, std::size_t Rows, std::size_t Vecs>
NIBBLE_INLINE void multiply_half(const row_codes<F>* const (&w)[Rows],
                                 const packed_tokens<F::block_size>* const (&x)[Vecs], std::size_t j, std::size_t half,
                                 __m512i (&acc)[Rows][Vecs]) noexcept {
    constexpr int steps = narrow_sums<F> ? steps_per_widening<F, step_order::sequential> : 4;
    __m512i k[Vecs], q[4][Vecs];
    NIBBLE_UNROLL
    for (std::size_t v = 0; v < Vecs; ++v) k[v] = _mm512_load_si512(x[v]->k[j][half]);
    NIBBLE_UNROLL
    for (std::size_t s = 0; s < 4; ++s) {
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) q[s][v] = _mm512_load_si512(x[v]->q[j][4 * half + s]);
        pin(q[s]);
    }
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
        __m512i factors[Vecs];
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) factors[v] = factor(*w[r], k[v], j, half);
        NIBBLE_UNROLL
        for (std::size_t from = 0; from < 4; from += steps) {
            __m512i t[Vecs];
            NIBBLE_UNROLL
            for (std::size_t s = from; s < from + steps; ++s) {
                const __m512i codes = avx512::splat32(w[r]->q[j][0][4 * half + s]);
                NIBBLE_UNROLL
                for (std::size_t v = 0; v < Vecs; ++v)
                    t[v] = _mm512_dpbusd_epi32(s == from ? _mm512_setzero_si512() : t[v], codes, q[s][v]);
                pin(t);
            }
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < Vecs; ++v) acc[r][v] = add_scaled<F>(acc[r][v], t[v], factors[v]);
            pin(acc[r]);
        }
    }
}

/// The rows of a group times Vecs vectors of tokens over `n_blocks` blocks; the chains so far of row r and vector v are
/// at `sums + v * sums_stride + 16 * r`. 12 accumulators, 8 vectors of activations, 2 each of sub-scales, factors and
/// sums, a weight: 27 of 32 registers.
template <class F, std::size_t Vecs>
inline void tile_rows(const packed_weights<F>* weights, const packed_tokens<F::block_size>* tokens,
                      std::size_t tokens_stride, std::size_t n_blocks, float* sums, std::size_t sums_stride) noexcept {
    constexpr std::size_t Rows = row_group;
    for (std::size_t b = 0; b < n_blocks; ++b) {
        const row_codes<F>* w[Rows];
        const packed_tokens<F::block_size>* x[Vecs];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) w[r] = weights[b].rows + r;
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) x[v] = tokens + v * tokens_stride + b;
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
                        taken = _mm512_dpwssd_epi32(
                            taken, F::has_scales ? avx512::splat32(w[r]->scale[j]) : _mm512_set1_epi16(1),
                            _mm512_load_si512(x[v]->sum[j]));
                    s = _mm512_sub_epi32(s, _mm512_mullo_epi32(taken, _mm512_set1_epi32(F::offset)));
                }
                float* at = sums + v * sums_stride + token_group * r;
                const __m512 d_x = _mm512_load_ps(x[v]->d);
                __m512 chain = _mm512_loadu_ps(at);
                chain = _mm512_fmadd_ps(_mm512_mul_ps(d_x, _mm512_set1_ps(w[r]->d)), avx512::to_float(s), chain);
                if constexpr (F::has_min) {
                    __m512i m = _mm512_setzero_si512();
                    if constexpr (F::has_scales) {
                        NIBBLE_UNROLL
                        for (std::size_t p = 0; p < F::n_mins / 2; ++p)
                            m = _mm512_dpwssd_epi32(m, avx512::splat32(w[r]->min + 2 * p),
                                                    _mm512_load_si512(x[v]->sums_of_mins(F::n_mins)[p]));
                    } else {
                        m = _mm512_madd_epi16(_mm512_set1_epi16(1), _mm512_load_si512(x[v]->sum[0]));
                    }
                    chain = _mm512_fmadd_ps(_mm512_mul_ps(d_x, _mm512_set1_ps(w[r]->m)), avx512::to_float(m), chain);
                }
                _mm512_storeu_ps(at, chain);
            }
        }
    }
}

/// See gemm_kernel in gemm/micro_kernel.hpp.
struct micro_kernel {
    static constexpr std::size_t token_group = gemm_avx512::token_group, row_group = gemm_avx512::row_group;
    static constexpr std::size_t groups_at_once = 2;
    template <class F>
    using packed_weights = gemm_avx512::packed_weights<shape<F>>;
    template <std::size_t N>
    using packed_tokens = gemm_avx512::packed_tokens<N>;

    /// pack_tokens_function.
    template <std::size_t N>
    static void pack_tokens(const float* x, std::size_t stride, std::size_t n_tokens, std::size_t depth,
                            void* out) noexcept {
        auto* packed = static_cast<packed_tokens<N>*>(out);
        for (std::size_t b = 0; b < depth / N; ++b)
            for (std::size_t lane = 0; lane < token_group; ++lane) {
                activations_avx2::token_block<N> block;
                if (lane < n_tokens)
                    activations_avx2::quantize_block<N>(x + lane * stride + b * N, block);
                else
                    block = {};
                packed[b].set_scales(lane, block);
                for (std::size_t j = 0; j < N / 32; ++j)
                    for (std::size_t s = 0; s < 8; ++s)
                        std::memcpy(packed[b].q[j][s][lane], block.q + 32 * j + 4 * s, 4);
            }
    }

    template <class F>
    static void pack(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t n_blocks,
                     packed_weights<F>* packed) noexcept {
        gemm_avx2::pack_rows<step_order::sequential, F>(rows, row_bytes, n_rows, n_blocks, packed);
    }

    template <class F>
    static void tile(const packed_weights<F>* weights, const packed_tokens<F::block_size>* tokens,
                     std::size_t tokens_stride, std::size_t n_groups, std::size_t n_blocks, float* sums,
                     std::size_t sums_stride) noexcept {
        if (n_groups == 1) return tile_rows<shape<F>, 1>(weights, tokens, tokens_stride, n_blocks, sums, sums_stride);
        tile_rows<shape<F>, 2>(weights, tokens, tokens_stride, n_blocks, sums, sums_stride);
    }

    static void store(const float* sums, std::size_t sums_stride, std::size_t n_rows, std::size_t n_tokens, float* out,
                      std::size_t out_stride) noexcept {
        gemm_avx2::store_sums<token_group>(sums, sums_stride, n_rows, n_tokens, out, out_stride);
    }
};

}  // namespace kernels::gemm_avx512
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
