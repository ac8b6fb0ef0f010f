// SPDX-License-Identifier: Apache-2.0
// Many tokens, AVX2: the micro-kernel. Eight tokens in lanes, weights broadcast, one for all block formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <nibble/kernels/activations/avx2.hpp>
#include <nibble/kernels/gemm/loops.hpp>
#include <nibble/kernels/gemm/pack_avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemm_avx2 {

/// Tokens that a vector holds, and rows of a block of packed weights.
inline constexpr std::size_t token_group = 8, row_group = 6;

template <std::size_t N>
using packed_tokens = lane_tokens<N, token_group, step_order::halves>;
template <class F>
using shape = shape_of<F, step_order::halves>;
template <class F>
using packed_weights = row_group_codes<F, row_group>;

/// Keeps the int16 accumulators where they are. g++ otherwise reassociates the chains of integer additions, puts all
/// multiplications first and spills: 25 MAC a cycle instead of 38.
template <std::size_t Rows, std::size_t Vecs>
NIBBLE_INLINE void pin(__m256i (&t)[Rows][Vecs]) noexcept {
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) NIBBLE_PIN("x", t[r][v]);
    }
}

/// What multiplies the products of a sub-block: scale * k of each row and token, |scale * k| <= 128 * 8.
template <class F>
NIBBLE_INLINE __m256i factor(const row_codes<F>& w, __m256i k, std::size_t j) noexcept {
    if constexpr (F::has_scales) return _mm256_mullo_epi16(k, avx2::splat32(w.scale[j]));
    return k;
}

/// Adds to `acc` the products of sub-block `j` and one plane of codes. A lane of int16 takes `steps` steps of them,
/// then it is widened.
template <class F, std::size_t Rows, std::size_t Vecs>
NIBBLE_INLINE void add_sub_block(const row_codes<F>* const (&w)[Rows],
                                 const packed_tokens<F::block_size>* const (&x)[Vecs], std::size_t j, std::size_t plane,
                                 __m256i (&acc)[Rows][Vecs]) noexcept {
    constexpr std::size_t steps = steps_per_widening<F, step_order::halves>;
    // Factors that are used more than once wait in memory, where vpmaddwd reads them: registers are all taken.
    __m256i factors[Rows][Vecs];
    if constexpr (steps < 8) {
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) {
            const __m256i k = avx2::load(x[v]->k[j][0]);
            NIBBLE_UNROLL
            for (std::size_t r = 0; r < Rows; ++r) factors[r][v] = factor(*w[r], k, j);
        }
        NIBBLE_PIN("m", factors);
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
                    if (F::n_planes == 2 && plane == 0) scaled = _mm256_slli_epi16(scaled, 4);
                }
                acc[r][v] = _mm256_add_epi32(acc[r][v], _mm256_madd_epi16(t[r][v], scaled));
            }
        }
        pin(acc);
    }
}

/// Takes S and M of one block, a row and a vector of tokens into their chains at `sums`.
template <class F>
NIBBLE_INLINE void add_to_chains(const row_codes<F>& w, const packed_tokens<F::block_size>& x, __m256i s,
                                 float* sums) noexcept {
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
    __m256 chain = _mm256_loadu_ps(sums);
    chain = _mm256_fmadd_ps(_mm256_mul_ps(d_x, _mm256_set1_ps(w.d)), _mm256_cvtepi32_ps(s), chain);
    if constexpr (F::has_min) {
        __m256i m = _mm256_setzero_si256();
        if constexpr (F::has_scales) {
            NIBBLE_UNROLL
            for (std::size_t p = 0; p < F::n_mins / 2; ++p)
                m = _mm256_add_epi32(
                    m, _mm256_madd_epi16(avx2::splat32(w.min + 2 * p), avx2::load(x.sums_of_mins(F::n_mins)[p])));
        } else {
            m = _mm256_madd_epi16(_mm256_set1_epi16(1), avx2::load(x.sum[0]));
        }
        chain = _mm256_fmadd_ps(_mm256_mul_ps(d_x, _mm256_set1_ps(w.m)), _mm256_cvtepi32_ps(m), chain);
    }
    _mm256_storeu_ps(sums, chain);
}

/// Rows weight rows from `first_row` on times Vecs vectors of tokens over `n_blocks` blocks; the chains so far of row r
/// and vector v are at `sums + v * sums_stride + 8 * r`.
template <class F, std::size_t Rows, std::size_t Vecs>
inline void tile_rows(const packed_weights<F>* weights, std::size_t first_row,
                      const packed_tokens<F::block_size>* tokens, std::size_t tokens_stride, std::size_t n_blocks,
                      float* sums, std::size_t sums_stride) noexcept {
    for (std::size_t b = 0; b < n_blocks; ++b) {
        const row_codes<F>* w[Rows];
        const packed_tokens<F::block_size>* x[Vecs];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) w[r] = weights[b].rows + first_row + r;
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < Vecs; ++v) x[v] = tokens + v * tokens_stride + b;
        __m256i acc[Rows][Vecs];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < Vecs; ++v) acc[r][v] = _mm256_setzero_si256();
        }
        NIBBLE_ROLLED
        for (std::size_t j = 0; j < F::block_size / 32; ++j) {
            NIBBLE_UNROLL
            for (std::size_t plane = 0; plane < F::n_planes; ++plane) add_sub_block<F, Rows, Vecs>(w, x, j, plane, acc);
        }
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < Vecs; ++v)
                add_to_chains<F>(*w[r], *x[v], acc[r][v], sums + v * sums_stride + token_group * (first_row + r));
        }
    }
}

/// out[t * out_stride + r] = sums[stride * r + t] for 8 rows and 8 tokens.
inline void transpose8(const float* sums, std::size_t stride, float* out, std::size_t out_stride) noexcept {
    __m256 pairs[8], fours[8];
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < 4; ++i) {
        const __m256 a = _mm256_loadu_ps(sums + 2 * i * stride), b = _mm256_loadu_ps(sums + (2 * i + 1) * stride);
        pairs[2 * i] = _mm256_unpacklo_ps(a, b);
        pairs[2 * i + 1] = _mm256_unpackhi_ps(a, b);
    }
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < 8; i += 4) {
        NIBBLE_UNROLL
        for (std::size_t k = 0; k < 2; ++k) {
            fours[i + 2 * k] = _mm256_shuffle_ps(pairs[i + k], pairs[i + 2 + k], 0x44);
            fours[i + 2 * k + 1] = _mm256_shuffle_ps(pairs[i + k], pairs[i + 2 + k], 0xee);
        }
    }
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < 4; ++t) {
        _mm256_storeu_ps(out + t * out_stride, _mm256_permute2f128_ps(fours[t], fours[t + 4], 0x20));
        _mm256_storeu_ps(out + (t + 4) * out_stride, _mm256_permute2f128_ps(fours[t], fours[t + 4], 0x31));
    }
}

/// `store` of a micro-kernel whose groups are of `Group` tokens, 8 or 16.
template <std::size_t Group>
inline void store_sums(const float* sums, std::size_t sums_stride, std::size_t n_rows, std::size_t n_tokens, float* out,
                       std::size_t out_stride) noexcept {
    for (std::size_t first = 0; first < n_tokens; first += 8) {
        const float* eight = sums + first / Group * sums_stride + first % Group;
        float* to = out + first * out_stride;
        const std::size_t count = n_tokens - first < 8 ? n_tokens - first : 8;
        std::size_t r = 0;
        if (count == 8)
            for (; r + 8 <= n_rows; r += 8) transpose8(eight + Group * r, Group, to + r, out_stride);
        for (; r < n_rows; ++r)
            for (std::size_t t = 0; t < count; ++t) to[t * out_stride + r] = eight[Group * r + t];
    }
}

/// See gemm_kernel in gemm/micro_kernel.hpp.
struct micro_kernel {
    static constexpr std::size_t token_group = gemm_avx2::token_group, row_group = gemm_avx2::row_group;
    static constexpr std::size_t groups_at_once = 2;
    template <class F>
    using packed_weights = gemm_avx2::packed_weights<shape<F>>;
    template <std::size_t N>
    using packed_tokens = gemm_avx2::packed_tokens<N>;

    /// pack_tokens_function: each block of each token is quantised and then dealt to its lane.
    template <std::size_t N>
    static void pack_tokens(const float* x, std::size_t stride, std::size_t n_tokens, std::size_t depth,
                            void* out) noexcept {
        auto* packed = static_cast<packed_tokens<N>*>(out);
        for (std::size_t b = 0; b < depth / N; ++b) {
            for (std::size_t lane = 0; lane < token_group; ++lane) {
                activations_avx2::token_block<N> block;
                if (lane < n_tokens)
                    activations_avx2::quantize_block<N>(x + lane * stride + b * N, block);
                else
                    block = {};
                packed[b].set_scales(lane, block);
                for (std::size_t j = 0; j < N / 32; ++j) {
                    const __m128i first = avx2::load128(block.q + 32 * j),
                                  second = avx2::load128(block.q + 32 * j + 16);
                    alignas(16) std::uint32_t steps[8];
                    _mm_store_si128(reinterpret_cast<__m128i*>(steps), _mm_unpacklo_epi16(first, second));
                    _mm_store_si128(reinterpret_cast<__m128i*>(steps + 4), _mm_unpackhi_epi16(first, second));
                    for (std::size_t s = 0; s < 8; ++s) std::memcpy(packed[b].q[j][s][lane], &steps[s], 4);
                }
            }
        }
    }

    template <class F>
    static void pack(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t n_blocks,
                     packed_weights<F>* packed) noexcept {
        pack_rows<step_order::halves, F>(rows, row_bytes, n_rows, n_blocks, packed);
    }

    /// Six int16 and six int32 accumulators, with the tokens, a weight and a temporary all 16 registers: 3 rows with
    /// two groups of tokens, or 6 rows with one.
    template <class F>
    static void tile(const packed_weights<F>* weights, const packed_tokens<F::block_size>* tokens,
                     std::size_t tokens_stride, std::size_t n_groups, std::size_t n_blocks, float* sums,
                     std::size_t sums_stride) noexcept {
        if (n_groups == 1)
            return tile_rows<shape<F>, 6, 1>(weights, 0, tokens, tokens_stride, n_blocks, sums, sums_stride);
        tile_rows<shape<F>, 3, 2>(weights, 0, tokens, tokens_stride, n_blocks, sums, sums_stride);
        tile_rows<shape<F>, 3, 2>(weights, 3, tokens, tokens_stride, n_blocks, sums, sums_stride);
    }

    static void store(const float* sums, std::size_t sums_stride, std::size_t n_rows, std::size_t n_tokens, float* out,
                      std::size_t out_stride) noexcept {
        store_sums<token_group>(sums, sums_stride, n_rows, n_tokens, out, out_stride);
    }
};

}  // namespace kernels::gemm_avx2
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
