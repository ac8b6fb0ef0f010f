// SPDX-License-Identifier: Apache-2.0
// Few tokens, AVX-512 VNNI: sixteen rows at a time become bytes in the first cache level once, for all tokens.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <nibble/kernels/activations/avx512.hpp>
#include <nibble/kernels/gemv/avx2.hpp>
#include <nibble/kernels/gemv/packed_avx512.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX512_VNNI
NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemv_avx512 {

using activations_avx512::token_block;

/// Keeps a value in its register: g++ otherwise brings loads and multiplications of all tokens forward and spills.
NIBBLE_INLINE void pin(__m512i& v) noexcept { NIBBLE_PIN("v", v); }

/// Fetches what comes next, a little at a time: all at once it would hold up what comes behind it. It may lie behind
/// the end of the matrix.
struct fetch_ahead {
    const char *at, *until;

    NIBBLE_INLINE void step(std::size_t bytes) noexcept {
        until += bytes;
        for (; at < until; at += 64) _mm_prefetch(at, _MM_HINT_T1);
    }
};

/// k times the sum of products, less the offset times the sum of q: of one group of each row.
template <bool HasOffset, std::size_t N>
NIBBLE_INLINE __m512i multiply_group(const __m512i* codes, const token_block<N>& x, std::size_t group,
                                     __m512i shift) noexcept {
    __m512i sum = _mm512_setzero_si512();
    if constexpr (HasOffset) sum = _mm512_maskz_sllv_epi32(0xffff, _mm512_set1_epi32(x.minus_sum[group]), shift);
    NIBBLE_UNROLL
    for (std::size_t n = 0; n < 4; ++n)
        sum = _mm512_dpbusd_epi32(sum, codes[n], avx512::splat32(x.q + 16 * group + 4 * n));
    return _mm512_mullo_epi32(sum, _mm512_set1_epi32(x.k[group]));
}

/// The shift that multiplies with the offset of F.
template <class F>
NIBBLE_INLINE __m512i offset_shift() noexcept {
    static_assert(F::offset == 0 || std::has_single_bit(static_cast<unsigned>(F::offset)));
    return _mm512_set1_epi32(F::offset ? std::countr_zero(static_cast<unsigned>(F::offset)) : 0);
}

/// What Tokens tokens add to their chains: a vector of sixteen rows for each.
template <std::size_t Tokens, class S>
NIBBLE_INLINE void add_block(const packed_rows<S>& w, const token_block<256>* const (&x)[Tokens],
                             const __m512i (&s)[Tokens], float (*chains)[tile_rows]) noexcept {
    const __m512 d = _mm512_load_ps(w.d), m = _mm512_load_ps(w.m);
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < Tokens; ++t) {
        const __m512 d_x = _mm512_set1_ps(x[t]->d);
        __m512 chain = _mm512_load_ps(chains[t]);
        chain = _mm512_fmadd_ps(_mm512_mul_ps(d_x, d), avx512::to_float(s[t]), chain);
        if constexpr (S::n_mins > 0) {
            const std::int16_t* sums = S::n_mins == 16 ? x[t]->sum : x[t]->sum32;
            __m512i mins = _mm512_setzero_si512();
            NIBBLE_UNROLL
            for (std::size_t i = 0; i < S::n_mins / 2; ++i)
                mins = _mm512_dpwssd_epi32(mins, avx512::splat32(sums + 2 * i), _mm512_load_si512(w.min[i]));
            chain = _mm512_fmadd_ps(_mm512_mul_ps(d_x, m), avx512::to_float(mins), chain);
        }
        _mm512_store_ps(chains[t], chain);
    }
}

/// Adds to s[t] the products of sub-block j with token t, each times its scale * k.
template <std::size_t Tokens, class S>
NIBBLE_INLINE void add_sub_block(const __m512i (&codes)[8], std::size_t j, const packed_rows<S>& w,
                                 const token_block<256>* const (&x)[Tokens], __m512i shift,
                                 __m512i (&s)[Tokens]) noexcept {
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < Tokens; ++t) {
        __m512i first = multiply_group<S::has_offset>(codes, *x[t], 2 * j, shift);
        __m512i second = multiply_group<S::has_offset>(codes + 4, *x[t], 2 * j + 1, shift);
        if constexpr (S::n_scales == 16) {
            first = _mm512_mullo_epi32(first, _mm512_load_si512(w.scale[2 * j]));
            second = _mm512_mullo_epi32(second, _mm512_load_si512(w.scale[2 * j + 1]));
        }
        __m512i both = _mm512_add_epi32(first, second);
        if constexpr (S::n_scales == 8) both = _mm512_mullo_epi32(both, _mm512_load_si512(w.scale[j]));
        s[t] = _mm512_add_epi32(s[t], both);
        pin(s[t]);
    }
}

/// Those of all eight sub-blocks. Fetches `bytes` at `next` for each.
template <std::size_t Tokens, class S>
NIBBLE_INLINE void add_sub_blocks(const packed_codes& from, const packed_rows<S>& w,
                                  const token_block<256>* const (&x)[Tokens], __m512i shift, fetch_ahead& next,
                                  std::size_t bytes, __m512i (&s)[Tokens]) noexcept {
    NIBBLE_ROLLED
    for (std::size_t j = 0; j < 8; ++j) {
        next.step(bytes);
        __m512i codes[8];
        NIBBLE_UNROLL
        for (std::size_t i = 0; i < 8; ++i) codes[i] = _mm512_load_si512(from.q[j][i]);
        add_sub_block(codes, j, w, x, shift, s);
    }
}

template <std::size_t Tokens, class F, class S>
NIBBLE_INLINE void add_sub_blocks(const shared_bytes<F>& from, const packed_rows<S>& w,
                                  const token_block<256>* const (&x)[Tokens], __m512i shift, fetch_ahead& next,
                                  std::size_t bytes, __m512i (&s)[Tokens]) noexcept {
    using bits = quant::code_bits<F>;
    NIBBLE_ROLLED
    for (std::size_t j = 0; j < 8; j += bits::sharing) {
        __m512i first[4], last[4];
        turn16(from.rows, bits::low(j), first);
        turn16(from.rows, bits::low(j) + 16, last);
        NIBBLE_UNROLL
        for (std::size_t k = 0; k < bits::sharing; ++k) {
            next.step(bytes);
            __m512i codes[8];
            NIBBLE_UNROLL
            for (std::size_t i = 0; i < 4; ++i) {
                codes[i] = take_bits<bits::low_bits>(first[i], bits::low_shift(k), 0);
                codes[4 + i] = take_bits<bits::low_bits>(last[i], bits::low_shift(k), 0);
            }
            add_sub_block(codes, j + k, w, x, shift, s);
        }
    }
}

/// One block of 256 of the rows: continues the chains of Tokens tokens, `stride` blocks apart. Fetches `bytes` at
/// `next` for each of its eight sub-blocks.
template <std::size_t Tokens, class Codes, class S>
inline void multiply_packed(const Codes& codes, const packed_rows<S>& w, const token_block<256>* tokens,
                            std::size_t n_tokens, std::size_t stride, __m512i shift, fetch_ahead& next,
                            std::size_t bytes, float (*chains)[tile_rows]) noexcept {
    const token_block<256>* x[Tokens];
    __m512i s[Tokens];
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < Tokens; ++t) {
        x[t] = tokens + (t < n_tokens ? t : n_tokens - 1) * stride;
        s[t] = _mm512_setzero_si512();
    }
    add_sub_blocks(codes, w, x, shift, next, bytes, s);
    add_block(w, x, s, chains);
}

/// The rows of a tile: the last one stands in for those that are missing.
struct row_pointers {
    const std::byte* at[tile_rows];

    row_pointers(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows) noexcept {
        for (std::size_t r = 0; r < tile_rows; ++r) at[r] = rows + (r < n_rows ? r : n_rows - 1) * row_bytes;
    }
};

/// Blocks of 32: what they unpack to stays in registers. The chains of Tokens tokens, from their beginning. Fetches
/// `bytes` at `next` for each block.
template <class F, std::size_t Tokens>
inline void multiply_rows(const row_pointers& rows, fetch_ahead next, std::size_t bytes, std::size_t n_blocks,
                          const token_block<32>* tokens, std::size_t n_tokens, float (*chains)[tile_rows]) noexcept {
    const __m512i shift = offset_shift<F>();
    const token_block<32>* x[Tokens];
    __m512 chain[Tokens];
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < Tokens; ++t) {
        x[t] = tokens + 2 * (t < n_tokens ? t : n_tokens - 1) * n_blocks;
        chain[t] = _mm512_setzero_ps();
    }
    NIBBLE_ROLLED
    for (std::size_t b = 0; b < n_blocks; ++b) {
        const typename F::block* w[tile_rows];
        __m512i codes[8];
        next.step(bytes);
        blocks_at<F>(rows.at, b, w);
        load_codes<F, 0>(w, codes);
        const row_floats floats = load_floats<F>(w);
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) {
            const token_block<32>& of = x[t][b];
            __m512i s = _mm512_add_epi32(multiply_group<F::offset != 0>(codes, of, 0, shift),
                                         multiply_group<F::offset != 0>(codes + 4, of, 1, shift));
            pin(s);
            const __m512 d_x = _mm512_set1_ps(of.d);
            chain[t] = _mm512_fmadd_ps(_mm512_mul_ps(d_x, floats.d), avx512::to_float(s), chain[t]);
            if constexpr (F::has_min)
                chain[t] = _mm512_fmadd_ps(_mm512_mul_ps(d_x, floats.m),
                                           _mm512_set1_ps(static_cast<float>(of.sum32[0])), chain[t]);
        }
    }
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < Tokens; ++t) _mm512_store_ps(chains[t], chain[t]);
}

/// How many of the tokens that are left are multiplied together: where they are odd, the last one counts twice.
inline std::size_t group_of(std::size_t left) noexcept { return left >= 8 ? 8 : left + left % 2; }

/// The chains of up to tile_tokens tokens with the rows of a tile.
template <class F>
inline void multiply_tile(const row_pointers& rows, fetch_ahead next, std::size_t n_blocks,
                          const token_block<256>* tokens, std::size_t n_tokens, float (*chains)[tile_rows]) noexcept {
    const std::size_t stride = 2 * n_blocks;
    const __m512i shift = offset_shift<F>();
    packed_rows<packed_shape_of<F>> w;
    std::conditional_t<shares_bytes<F>, shared_bytes<F>, packed_codes> codes;
    for (std::size_t t = 0; t < n_tokens + n_tokens % 2; ++t) _mm512_store_ps(chains[t], _mm512_setzero_ps());
    for (std::size_t b = 0; b < n_blocks; ++b) {
        pack<F>(rows.at, b, w, codes);
        std::size_t bytes = tile_rows * sizeof(typename F::block) / 8;
        for (std::size_t t = 0, group; t < n_tokens; t += group, bytes = 0) {
            const token_block<256>* x = tokens + t * stride + b;
            const std::size_t left = n_tokens - t;
            switch (group = group_of(left)) {
                case 8: multiply_packed<8>(codes, w, x, left, stride, shift, next, bytes, chains + t); break;
                case 6: multiply_packed<6>(codes, w, x, left, stride, shift, next, bytes, chains + t); break;
                case 4: multiply_packed<4>(codes, w, x, left, stride, shift, next, bytes, chains + t); break;
                default: multiply_packed<2>(codes, w, x, left, stride, shift, next, bytes, chains + t);
            }
        }
    }
}

template <class F>
inline void multiply_tile(const row_pointers& rows, fetch_ahead next, std::size_t n_blocks,
                          const token_block<32>* tokens, std::size_t n_tokens, float (*chains)[tile_rows]) noexcept {
    std::size_t bytes = tile_rows * sizeof(typename F::block);
    for (std::size_t t = 0, group; t < n_tokens; t += group, bytes = 0) {
        const token_block<32>* x = tokens + 2 * t * n_blocks;
        const std::size_t left = n_tokens - t;
        switch (group = group_of(left)) {
            case 8: multiply_rows<F, 8>(rows, next, bytes, n_blocks, x, left, chains + t); break;
            case 6: multiply_rows<F, 6>(rows, next, bytes, n_blocks, x, left, chains + t); break;
            case 4: multiply_rows<F, 4>(rows, next, bytes, n_blocks, x, left, chains + t); break;
            default: multiply_rows<F, 2>(rows, next, bytes, n_blocks, x, left, chains + t);
        }
    }
}

/// Most tokens whose chains wait at once; even.
inline constexpr std::size_t tile_tokens = 32;

/// gemv_function of the block formats.
template <class F>
inline void gemv(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth, const void* x,
                 std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    const std::size_t n_blocks = depth / F::block_size;
    const auto* tokens = static_cast<const token_block<F::block_size>*>(x);
    if (n_tokens == 1)
        return gemv_avx2::gemv<F>(weights, row_bytes, n_rows, depth, tokens + n_blocks, 1, out, out_stride);
    alignas(64) float chains[tile_tokens][tile_rows];
    for (std::size_t r = 0; r < n_rows; r += tile_rows) {
        const std::size_t count = n_rows - r < tile_rows ? n_rows - r : tile_rows;
        const row_pointers rows{weights + r * row_bytes, row_bytes, count};
        const auto* behind = reinterpret_cast<const char*>(weights) + (r + tile_rows) * row_bytes;
        for (std::size_t t = 0; t < n_tokens; t += tile_tokens) {
            const std::size_t these = n_tokens - t < tile_tokens ? n_tokens - t : tile_tokens;
            multiply_tile<F>(rows, {behind, behind}, n_blocks, tokens + 2 * t * n_blocks, these, chains);
            for (std::size_t i = 0; i < these; ++i)
                _mm512_mask_storeu_ps(out + (t + i) * out_stride + r, static_cast<__mmask16>((1u << count) - 1),
                                      _mm512_load_ps(chains[i]));
        }
    }
}

}  // namespace kernels::gemv_avx512
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
