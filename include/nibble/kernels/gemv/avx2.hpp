// SPDX-License-Identifier: Apache-2.0
// Few tokens, AVX2: weight rows straight from the mapping, four (row, token) pairs a step, one skeleton for all
// formats.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <nibble/kernels/activations/token_block.hpp>
#include <nibble/quant/format_avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemv_avx2 {

using activations_avx2::token_block;

//   Four (row, token) pairs go through a block together; pair i is lane i of the float chains:
//
//     one token      row r of each quarter    lane i: that of quarter i
//     two tokens     row r of each half       lane i: that of half i / 2, token t + i % 2
//     3, 4 tokens    row r                    lane i: token t + i
//
//   A pair's block, sub-block J of 32 values (K formats):
//
//     codes<J>       | c0  c1 ..        c15 | c16 c17 ..         c31 |   bytes
//     q + 32 J       | q0  q1 ..        q15 | q16 q17 ..         q31 |   bytes, vpmaddubsw with the codes:
//     products       | c0 q0 + c1 q1 ..     | c16 q16 + c17 q17 ..   |   8 + 8 words
//     splat16<J>     | scale k of group 2J  | scale k of group 2J+1  |   8 times each, vpmaddwd with the products:
//     s              | 4 sums of group 2J   | 4 sums of group 2J+1   |   int32, added up over J = 0 .. 7
//
//   The lanes of s add up to S of quant::dot; transpose_add4 does so for the four pairs at once, lane i for pair i, and
//   one vfmadd continues the four chains. M comes the same way, from the mins and the sums of 32.

/// Keeps an accumulator in its register: g++ otherwise reassociates the sums, puts all multiplications first and
/// spills.
NIBBLE_INLINE void pin(__m256i& acc) noexcept { NIBBLE_PIN("x", acc); }

/// Adds to s[t] the products of sub-block J with token t, each times its scale * k.
/// A lane of `multiply` is at most 16,002 and a factor at most 128 * 8, or 32,258 and 32 * 8 for IQ4_XS: a pair of
/// products is below 2^25.
template <class F, int J, std::size_t Tokens>
NIBBLE_INLINE void add_sub_block(const typename F::block& w, const token_block<256>* const (&x)[Tokens],
                                 const __m256i (&factors)[Tokens], __m256i* s) noexcept {
    using format = quant::avx2_format<F>;
    const __m256i codes = format::template codes<J>(w);
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < Tokens; ++t) {
        const __m256i products = format::multiply(codes, avx2::load(x[t]->q + 32 * J));
        const __m256i sums = _mm256_madd_epi16(products, avx2::splat16<J>(factors[t]));
        s[t] = J == 0 && format::row_offset == 0 ? sums : _mm256_add_epi32(s[t], sums);
        pin(s[t]);
    }
}

template <class F, std::size_t Tokens, int... J>
NIBBLE_INLINE void add_sub_blocks(const typename F::block& w, const token_block<256>* const (&x)[Tokens],
                                  const __m256i (&factors)[Tokens], __m256i* s,
                                  std::integer_sequence<int, J...>) noexcept {
    (add_sub_block<F, J>(w, x, factors, s), ...);
}

/// S of quant::dot for one block of 256 and each token: s[t] has int32 lanes whose sum it is.
template <class F, std::size_t Tokens>
NIBBLE_INLINE void block_sums(const typename F::block& w, __m256i scales, const token_block<256>* const (&x)[Tokens],
                              __m256i* s) noexcept {
    using format = quant::avx2_format<F>;
    __m256i factors[Tokens];
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < Tokens; ++t) {
        // The sub-scales are free: one vpmullw a block makes scale * k, which has to be splat to the lanes anyway.
        factors[t] = _mm256_mullo_epi16(scales, avx2::load(x[t]->k));
        if constexpr (format::row_offset != 0) {
            static_assert(std::has_single_bit(static_cast<unsigned>(format::row_offset)));
            constexpr int shift = std::countr_zero(static_cast<unsigned>(format::row_offset));
            const __m256i taken = _mm256_slli_epi32(_mm256_madd_epi16(scales, avx2::load(x[t]->sum)), shift);
            s[t] = _mm256_sub_epi32(_mm256_setzero_si256(), taken);
        }
    }
    add_sub_blocks<F>(w, x, factors, s, std::make_integer_sequence<int, 8>{});
}

/// The same for a block of 32.
template <class F>
NIBBLE_INLINE __m256i block_sums(const typename F::block& w, const token_block<32>& x) noexcept {
    using format = quant::avx2_format<F>;
    const __m256i factors =
        _mm256_shuffle_epi8(avx2::splat32(x.k), _mm256_setr_epi8(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 3,
                                                                 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3));
    const __m256i s = _mm256_madd_epi16(format::multiply(format::template codes<0>(w), avx2::load(x.q)), factors);
    if constexpr (format::row_offset == 0) return s;
    const __m128i taken = _mm_cvtsi32_si128(format::row_offset * x.sum32[0]);  // lane 0; the other lanes are 0
    return _mm256_sub_epi32(s, _mm256_zextsi128_si256(taken));
}

/// M of quant::dot for formats with a min for every 16.
template <class F, std::size_t Rows, std::size_t Tokens>
NIBBLE_INLINE __m128i fine_min_sums(const typename F::block* const (&w)[Rows],
                                    const token_block<256>* const (&x)[Tokens]) noexcept {
    const __m256i zero = _mm256_setzero_si256();
    __m256i m[4] = {zero, zero, zero, zero};
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
        const __m256i mins = quant::avx2_format<F>::mins(*w[r]);
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) m[r * Tokens + t] = _mm256_madd_epi16(mins, avx2::load(x[t]->sum));
    }
    return avx2::transpose_add4(m[0], m[1], m[2], m[3]);
}

/// S and M of quant::dot for up to four (row, token) pairs: pair i is row i / Tokens with token i % Tokens.
struct four_sums {
    __m128i s, m;
};

template <class F, std::size_t Rows, std::size_t Tokens>
NIBBLE_INLINE four_sums tile_sums(const typename F::block* const (&w)[Rows],
                                  const token_block<256>* const (&x)[Tokens]) noexcept {
    const __m256i zero = _mm256_setzero_si256();
    __m256i s[4] = {zero, zero, zero, zero};
    __m256i m[2] = {zero, zero};  // pairs 0 and 1 in the low half, 2 and 3 in the high half
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < (Rows + 1) / 2; ++r) {
        constexpr std::size_t apart = Rows / 2;
        const quant::scale_pair scales = quant::avx2_format<F>::scales(*w[r], *w[r + apart]);
        block_sums<F>(*w[r], scales.first, x, s + r * Tokens);
        if constexpr (Rows > 1) block_sums<F>(*w[r + apart], scales.second, x, s + (r + apart) * Tokens);
        if constexpr (quant::n_mins<F> == 8 && Rows > 1) {
            NIBBLE_UNROLL
            for (std::size_t t = 0; t < Tokens; ++t)
                m[r + t] = _mm256_madd_epi16(scales.mins, avx2::splat128(x[t]->sum32));
        } else if constexpr (quant::n_mins<F> == 8) {
            const __m256i mins = _mm256_permute2x128_si256(scales.mins, scales.mins, 0);
            NIBBLE_UNROLL
            for (std::size_t t = 0; t < 2; ++t)
                if (t < Tokens)
                    m[t] = _mm256_madd_epi16(mins, avx2::join128(x[t]->sum32, x[t + 2 < Tokens ? t + 2 : t]->sum32));
        }
    }
    four_sums sums{avx2::transpose_add4(s[0], s[1], s[2], s[3]), _mm_setzero_si128()};
    if constexpr (quant::n_mins<F> == 16) {
        sums.m = fine_min_sums<F>(w, x);
    } else if constexpr (F::has_min) {
        const __m256i twos = _mm256_hadd_epi32(m[0], m[1]);
        const __m256i ones = _mm256_hadd_epi32(twos, twos);  // 0 1 0 1 | 2 3 2 3
        sums.m = _mm_unpacklo_epi64(_mm256_castsi256_si128(ones), _mm256_extracti128_si256(ones, 1));
    }
    return sums;
}

template <class F, std::size_t Rows, std::size_t Tokens>
NIBBLE_INLINE four_sums tile_sums(const typename F::block* const (&w)[Rows],
                                  const token_block<32>* const (&x)[Tokens]) noexcept {
    const __m256i zero = _mm256_setzero_si256();
    __m256i s[4] = {zero, zero, zero, zero};
    std::int32_t m[4] = {};
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < Rows * Tokens; ++i) {
        s[i] = block_sums<F>(*w[i / Tokens], *x[i % Tokens]);
        m[i] = x[i % Tokens]->sum32[0];
    }
    return {avx2::transpose_add4(s[0], s[1], s[2], s[3]), _mm_setr_epi32(m[0], m[1], m[2], m[3])};
}

/// How far ahead of its row the fetch runs, in bytes: a few hundred cycles, as memory needs.
inline constexpr std::size_t fetch_lead = 2304;

/// Fetches the `Bytes` at `p`, which may lie behind the end of the matrix.
template <std::size_t Bytes>
NIBBLE_INLINE void fetch(const void* p) noexcept {
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < Bytes; i += 64) _mm_prefetch(static_cast<const char*>(p) + i, _MM_HINT_T1);
}

/// Rows rows, `row_bytes` apart, times Tokens tokens, at most four pairs: a lane of the accumulator is the chain of a
/// pair. The result of row r is out[r * rows_apart].
template <class F, std::size_t Rows, std::size_t Tokens>
inline void row_tile(const std::byte* rows, std::size_t row_bytes, std::size_t n_blocks,
                     const token_block<F::block_size>* tokens, float* out, std::size_t rows_apart,
                     std::size_t out_stride) noexcept {
    static_assert(Rows * Tokens <= 4);
    using format = quant::avx2_format<F>;
    constexpr std::size_t float_bytes = sizeof(F::block::d) * F::floats.count;
    __m128 acc = _mm_setzero_ps();
    for (std::size_t b = 0; b < n_blocks; ++b) {
        const typename F::block* w[Rows];
        const token_block<F::block_size>* x[Tokens];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            w[r] = quant::blocks_of<F>(rows + r * row_bytes) + b;
            fetch<sizeof(typename F::block)>(reinterpret_cast<const char*>(w[r]) + fetch_lead);
        }
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) x[t] = tokens + t * n_blocks + b;
        float d_x[4] = {};
        std::int32_t floats[4] = {};  // d, and m behind it
        NIBBLE_UNROLL
        for (std::size_t i = 0; i < Rows * Tokens; ++i) {
            d_x[i] = x[i % Tokens]->d;
            floats[i] = avx2::load_bits<float_bytes>(w[i / Tokens]->d);
        }

        const four_sums sums = tile_sums<F>(w, x);
        const __m128i bits = _mm_setr_epi32(floats[0], floats[1], floats[2], floats[3]);
        const __m128i d_then_m =
            _mm_shuffle_epi8(bits, _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15));
        const __m128 d = float_bytes == 1 ? quant::powers_of_two(bits) : _mm_cvtph_ps(d_then_m);
        const __m128 scale_x = Tokens == 1 ? _mm_set1_ps(d_x[0]) : _mm_setr_ps(d_x[0], d_x[1], d_x[2], d_x[3]);
        acc = _mm_fmadd_ps(_mm_mul_ps(scale_x, d), _mm_cvtepi32_ps(sums.s), acc);
        if constexpr (F::has_min) {
            const __m128 m = _mm_mul_ps(scale_x, _mm_cvtph_ps(_mm_unpackhi_epi64(d_then_m, d_then_m)));
            acc = format::m_sign < 0 ? _mm_fnmadd_ps(m, _mm_cvtepi32_ps(sums.m), acc)
                                     : _mm_fmadd_ps(m, _mm_cvtepi32_ps(sums.m), acc);
        }
    }
    float lanes[4];
    _mm_storeu_ps(lanes, acc);
    for (std::size_t i = 0; i < Rows * Tokens; ++i) out[i % Tokens * out_stride + i / Tokens * rows_apart] = lanes[i];
}

/// All rows with Tokens tokens, Rows at a time: one of each half or quarter, so that each is read from one end to the
/// other. Rows side by side would be streams of addresses in the same pages, which defeat the prefetchers of machines.
template <class F, std::size_t Rows, std::size_t Tokens>
inline void row_tiles(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t n_blocks,
                      const token_block<F::block_size>* tokens, float* out, std::size_t out_stride) noexcept {
    const std::size_t apart = n_rows / Rows;
    for (std::size_t r = 0; r < apart; ++r)
        row_tile<F, Rows, Tokens>(weights + r * row_bytes, apart * row_bytes, n_blocks, tokens, out + r, apart,
                                  out_stride);
    if constexpr (Rows > 1)
        row_tiles<F, 1, Tokens>(weights + Rows * apart * row_bytes, row_bytes, n_rows - Rows * apart, n_blocks, tokens,
                                out + Rows * apart, out_stride);
}

/// Rows that are multiplied with one group of tokens before the next group comes: they stay in the second cache level.
inline constexpr std::size_t rows_in_cache = 8;

/// gemv_function of the block formats.
template <class F>
inline void gemv(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth, const void* x,
                 std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    const std::size_t n_blocks = depth / F::block_size;
    const auto* tokens = static_cast<const token_block<F::block_size>*>(x);
    const std::size_t step = n_tokens <= 4 ? n_rows : rows_in_cache;
    for (std::size_t r = 0; r < n_rows; r += step) {
        const std::byte* rows = weights + r * row_bytes;
        const std::size_t count = n_rows - r < step ? n_rows - r : step;
        // 5 tokens as 3 and 2, 6 as 3 and 3: the fewer that share a row's codes, the more a token costs
        for (std::size_t t = 0, group; t < n_tokens; t += group) {
            const std::size_t left = n_tokens - t;
            group = left > 6 || left == 4 ? 4 : left > 4 ? 3 : left;
            const auto* these = tokens + t * n_blocks;
            float* to = out + t * out_stride + r;
            switch (group) {
                case 4: row_tiles<F, 1, 4>(rows, row_bytes, count, n_blocks, these, to, out_stride); break;
                case 3: row_tiles<F, 1, 3>(rows, row_bytes, count, n_blocks, these, to, out_stride); break;
                case 2: row_tiles<F, 2, 2>(rows, row_bytes, count, n_blocks, these, to, out_stride); break;
                default: row_tiles<F, 4, 1>(rows, row_bytes, count, n_blocks, these, to, out_stride);
            }
        }
    }
}

}  // namespace kernels::gemv_avx2
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
