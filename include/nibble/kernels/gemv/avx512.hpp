// SPDX-License-Identifier: Apache-2.0
// Few tokens, AVX-512 VNNI: sixteen rows at a time become bytes in the first cache level once, for all tokens.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

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
template <class S>
NIBBLE_INLINE __m512i multiply_group(const __m512i* codes, const token_block<S::block_size>& x, std::size_t group,
                                     __m512i shift) noexcept {
    __m512i sum = _mm512_setzero_si512();
    if constexpr (S::has_offset) sum = _mm512_maskz_sllv_epi32(0xffff, _mm512_set1_epi32(x.minus_sum[group]), shift);
    NIBBLE_UNROLL
    for (std::size_t n = 0; n < 4; ++n)
        sum = _mm512_dpbusd_epi32(sum, codes[n], avx512::splat32(x.q + 16 * group + 4 * n));
    return _mm512_mullo_epi32(sum, _mm512_set1_epi32(x.k[group]));
}

/// Continues the chains of Tokens tokens, `stride` blocks apart, over `n_blocks` blocks.
template <class S, std::size_t Tokens>
inline void multiply(const packed_rows<S>* w, std::size_t n_blocks, const token_block<S::block_size>* tokens,
                     std::size_t stride, __m512i shift, fetch_ahead* next, std::size_t bytes,
                     float (*chains)[tile_rows]) noexcept {
    const token_block<S::block_size>* x[Tokens];
    __m512 chain[Tokens];
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < Tokens; ++t) {
        x[t] = tokens + t * stride;
        chain[t] = _mm512_load_ps(chains[t]);
    }
    NIBBLE_ROLLED
    for (std::size_t b = 0; b < n_blocks; ++b) {
        __m512i s[Tokens];
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) s[t] = _mm512_setzero_si512();
        NIBBLE_ROLLED
        for (std::size_t j = 0; j < S::n_subs; ++j) {
            if (next) next->step(bytes);
            __m512i codes[8];
            NIBBLE_UNROLL
            for (std::size_t i = 0; i < 8; ++i) codes[i] = _mm512_load_si512(w[b].q[j][i]);
            NIBBLE_UNROLL
            for (std::size_t t = 0; t < Tokens; ++t) {
                __m512i first = multiply_group<S>(codes, *x[t], 2 * j, shift);
                __m512i second = multiply_group<S>(codes + 4, *x[t], 2 * j + 1, shift);
                if constexpr (S::n_scales == 2 * S::n_subs) {
                    first = _mm512_mullo_epi32(first, _mm512_load_si512(w[b].scale[2 * j]));
                    second = _mm512_mullo_epi32(second, _mm512_load_si512(w[b].scale[2 * j + 1]));
                }
                __m512i both = _mm512_add_epi32(first, second);
                if constexpr (S::n_scales == S::n_subs)
                    both = _mm512_mullo_epi32(both, _mm512_load_si512(w[b].scale[j]));
                s[t] = S::n_subs == 1 ? both : _mm512_add_epi32(s[t], both);
                pin(s[t]);
            }
        }
        const __m512 d = _mm512_load_ps(w[b].d);
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) {
            const __m512 d_x = _mm512_set1_ps(x[t]->d);
            chain[t] = _mm512_fmadd_ps(_mm512_mul_ps(d_x, d), avx512::to_float(s[t]), chain[t]);
            if constexpr (S::n_mins > 0) {
                __m512i m;
                if constexpr (S::n_mins == 1) {
                    m = _mm512_madd_epi16(avx512::splat32(x[t]->sum), _mm512_set1_epi16(1));
                } else {
                    const std::int16_t* sums = S::n_mins == 16 ? x[t]->sum : x[t]->sum32;
                    m = _mm512_setzero_si512();
                    NIBBLE_UNROLL
                    for (std::size_t i = 0; i < S::n_mins / 2; ++i)
                        m = _mm512_dpwssd_epi32(m, avx512::splat32(sums + 2 * i), _mm512_load_si512(w[b].min[i]));
                }
                const __m512 scale = _mm512_mul_ps(d_x, _mm512_load_ps(w[b].m));
                chain[t] = _mm512_fmadd_ps(scale, avx512::to_float(m), chain[t]);
            }
            ++x[t];
        }
    }
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < Tokens; ++t) _mm512_store_ps(chains[t], chain[t]);
}

/// Most tokens that the rows are unpacked for at once.
inline constexpr std::size_t tile_tokens = 32;

/// Up to 16 rows, `row_bytes` apart, times up to tile_tokens tokens. The last row stands in for those that are missing.
template <class F>
inline void row_tile(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t n_blocks,
                     const token_block<F::block_size>* tokens, std::size_t n_tokens, float* out,
                     std::size_t out_stride) noexcept {
    using shape = packed_shape_of<F>;
    constexpr std::size_t chunk = 256 / F::block_size;
    constexpr std::size_t bytes = tile_rows * sizeof(typename F::block) / (F::block_size / 32);
    const __m512i shift = _mm512_set1_epi32(F::offset ? std::countr_zero(static_cast<unsigned>(F::offset)) : 0);
    const std::byte* rows[tile_rows];
    for (std::size_t r = 0; r < tile_rows; ++r) rows[r] = weights + (r < n_rows ? r : n_rows - 1) * row_bytes;
    const char* behind = reinterpret_cast<const char*>(weights) + tile_rows * row_bytes + gemv_avx2::fetch_lead;
    fetch_ahead next{behind, behind};
    alignas(64) float chains[tile_tokens][tile_rows];
    for (std::size_t t = 0; t < n_tokens; ++t) _mm512_store_ps(chains[t], _mm512_setzero_ps());
    packed_rows<shape> packed[chunk];
    const std::size_t stride = 2 * n_blocks;
    for (std::size_t b = 0; b < n_blocks; b += chunk) {
        const std::size_t count = n_blocks - b < chunk ? n_blocks - b : chunk;
        pack<F>(rows, b, count, packed);
        fetch_ahead* fetch = &next;
        std::size_t t = 0;
        for (; t + 8 <= n_tokens; t += 8, fetch = nullptr)
            multiply<shape, 8>(packed, count, tokens + t * stride + b, stride, shift, fetch, bytes, chains + t);
        for (; t + 4 <= n_tokens; t += 4, fetch = nullptr)
            multiply<shape, 4>(packed, count, tokens + t * stride + b, stride, shift, fetch, bytes, chains + t);
        for (; t + 2 <= n_tokens; t += 2, fetch = nullptr)
            multiply<shape, 2>(packed, count, tokens + t * stride + b, stride, shift, fetch, bytes, chains + t);
        for (; t < n_tokens; ++t, fetch = nullptr)
            multiply<shape, 1>(packed, count, tokens + t * stride + b, stride, shift, fetch, bytes, chains + t);
    }
    for (std::size_t t = 0; t < n_tokens; ++t)
        _mm512_mask_storeu_ps(out + t * out_stride, static_cast<__mmask16>((1u << n_rows) - 1),
                              _mm512_load_ps(chains[t]));
}

/// gemv_function of the block formats.
template <class F>
inline void gemv(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth, const void* x,
                 std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    const std::size_t n_blocks = depth / F::block_size;
    const auto* tokens = static_cast<const token_block<F::block_size>*>(x);
    if (n_tokens == 1)
        return gemv_avx2::gemv<F>(weights, row_bytes, n_rows, depth, tokens + n_blocks, 1, out, out_stride);
    for (std::size_t r = 0; r < n_rows; r += tile_rows) {
        const std::size_t count = n_rows - r < tile_rows ? n_rows - r : tile_rows;
        for (std::size_t t = 0; t < n_tokens; t += tile_tokens) {
            const std::size_t left = n_tokens - t;
            row_tile<F>(weights + r * row_bytes, row_bytes, count, n_blocks, tokens + 2 * t * n_blocks,
                        left < tile_tokens ? left : tile_tokens, out + t * out_stride + r, out_stride);
        }
    }
}

}  // namespace kernels::gemv_avx512
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
