// SPDX-License-Identifier: Apache-2.0
// Few tokens, AVX-512 VNNI: four rows straight from the mapping, whose codes all tokens share, for blocks of 256.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <nibble/kernels/activations/avx512.hpp>
#include <nibble/kernels/gemv/avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX512_VNNI
NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemv_avx512 {

using activations_avx512::token_block;

//   codes of a row, 64 in a row a vector         the same, transposed in each 128-bit lane
//     c: | g 4c | g 4c+1 | g 4c+2 | g 4c+3 |  ->  n: | g0 g4 g8 g12 | g1 .. | g2 .. | g3 .. |  values 4n .. 4n + 3
//
//   for each token:  four vpdpbusd with q[0 .. 3]     a group's sum of products, less offset * its sum of q
//                    vpmulld with scale * k           16 lanes whose sum is S of quant::dot
//   for four tokens: transpose_add4                   a lane of 128 bits: a part of S for tokens 0 1 2 3
//   for four rows:   add_lanes4                       lane r: S of row r with tokens 0 1 2 3
//                                                     one fma continues the 16 chains

inline constexpr std::size_t tile_rows = 4;

/// Keeps a value in its register: g++ otherwise brings loads and multiplications of all tokens forward and spills.
NIBBLE_INLINE void pin(__m512i& v) noexcept { NIBBLE_PIN("v", v); }

/// One block of a row, in the order of token_block: codes, and scales in the low halves of 32-bit lanes.
struct row_block {
    __m512i codes[4], scales;
};

template <class F, int... C>
NIBBLE_INLINE row_block decode(const typename F::block& w, __m256i scales, std::integer_sequence<int, C...>) noexcept {
    using format = quant::avx2_format<F>;
    row_block row{{avx512::join256(format::template codes<2 * C>(w), format::template codes<2 * C + 1>(w))...},
                  activations_avx512::to_lanes(scales)};
    avx512::transpose4(row.codes);
    return row;
}

/// 16 lanes whose sum is S of quant::dot. A lane is k * scale times a sum of 16 products, all of which together stay
/// below 2^31 (quant::block_sums). (scale, 0) times (k, -sum): vpmaddwd gives scale * k with its sign.
template <class F>
NIBBLE_INLINE __m512i multiply(const row_block& w, const token_block& x) noexcept {
    const __m512i groups = avx512::load(x.groups);
    __m512i products = _mm512_setzero_si512();
    if constexpr (F::offset != 0) {  // k is below 2^(16 - shift): only -sum times the offset is left
        static_assert(std::has_single_bit(static_cast<unsigned>(F::offset)) && F::offset <= 128);
        products = _mm512_maskz_srai_epi32(0xffff, groups, 16 - std::countr_zero(static_cast<unsigned>(F::offset)));
    }
    NIBBLE_UNROLL
    for (std::size_t n = 0; n < 4; ++n) products = _mm512_dpbusd_epi32(products, w.codes[n], avx512::load(x.q[n]));
    return _mm512_mullo_epi32(products, _mm512_madd_epi16(w.scales, groups));
}

/// In each 128-bit lane the sums of its 32-bit lanes, of four vectors, or twice of two.
template <std::size_t Count>
NIBBLE_INLINE __m512i add_each(const __m512i (&v)[Count]) noexcept {
    if constexpr (Count == 4) return avx512::transpose_add4(v[0], v[1], v[2], v[3]);
    const __m512i twos = _mm512_add_epi32(avx512::low32(v[0], v[1]), avx512::high32(v[0], v[1]));
    return _mm512_add_epi32(twos, _mm512_maskz_shuffle_epi32(0xffff, twos, _MM_PERM_BADC));
}

/// The mins of four blocks: those of row r in the 128-bit lane r of the first vector, or if there are 16, every other
/// one in each.
template <class F>
NIBBLE_INLINE void load_mins(const typename F::block* const (&w)[tile_rows], const quant::scale_pair& a,
                             const quant::scale_pair& b, __m512i (&mins)[2]) noexcept {
    if constexpr (quant::n_mins<F> == 16) {
        using format = quant::avx2_format<F>;
        const __m512i ab = avx512::join256(format::mins(*w[0]), format::mins(*w[1]));
        const __m512i cd = avx512::join256(format::mins(*w[2]), format::mins(*w[3]));
        mins[0] = _mm512_maskz_shuffle_i32x4(0xffff, ab, cd, 0x88);
        mins[1] = _mm512_maskz_shuffle_i32x4(0xffff, ab, cd, 0xdd);
    } else {
        mins[0] = avx512::join256(a.mins, b.mins);
    }
}

/// 128-bit lane r: 32-bit lanes whose sum is M of quant::dot for row r.
template <class F>
NIBBLE_INLINE __m512i multiply_mins(const __m512i (&mins)[2], const token_block& x) noexcept {
    if constexpr (quant::n_mins<F> == 16)
        return _mm512_dpwssd_epi32(_mm512_madd_epi16(mins[0], avx512::splat128(x.sum)), mins[1],
                                   avx512::splat128(x.sum + 8));
    return _mm512_madd_epi16(mins[0], avx512::splat128(x.sum32));
}

/// The floats of four blocks, each in the 128-bit lane of its row.
struct row_floats {
    __m512 d, m;
};

template <class F>
NIBBLE_INLINE row_floats load_floats(const typename F::block* const (&w)[tile_rows]) noexcept {
    constexpr std::size_t bytes = sizeof(F::block::d) * F::floats.count;
    const __m128i bits = _mm_setr_epi32(avx2::load_bits<bytes>(w[0]->d), avx2::load_bits<bytes>(w[1]->d),
                                        avx2::load_bits<bytes>(w[2]->d), avx2::load_bits<bytes>(w[3]->d));
    const __m128i d_then_m =
        _mm_shuffle_epi8(bits, _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15));
    const __m512 floats = _mm512_castps256_ps512(_mm256_cvtph_ps(d_then_m));
    const __m512i rows = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return {_mm512_maskz_permutexvar_ps(0xffff, rows, floats),
            _mm512_maskz_permutexvar_ps(0xffff, _mm512_or_si512(rows, _mm512_set1_epi32(4)), floats)};
}

/// Fetches part `part` of Parts of the `Bytes` at `p`, which may lie behind the end of the matrix. All at once they
/// would hold up what comes behind them: from memory eight tokens took 89 cycles a block of Q4_K, and take 80.
template <std::size_t Bytes, std::size_t Parts>
NIBBLE_INLINE void fetch_part(const char* p, std::size_t part) noexcept {
    constexpr std::size_t lines = (Bytes + 63) / 64, most = (lines + Parts - 1) / Parts;
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < most; ++i)
        if (part * most + i < lines) _mm_prefetch(p + 64 * (part * most + i), _MM_HINT_T0);
}

/// A block of each of four rows times Tokens tokens: continues the chains of up to four tokens in each vector of `acc`,
/// 32-bit lane t of 128-bit lane r for row r. As many bytes at `next` are fetched on the way.
template <class F, std::size_t Tokens>
NIBBLE_INLINE void add_blocks(const typename F::block* const (&w)[tile_rows], const token_block* const (&x)[Tokens],
                              const char* next, __m512 (&acc)[(Tokens + 3) / 4]) noexcept {
    using format = quant::avx2_format<F>;
    constexpr std::size_t vectors = (Tokens + 3) / 4, count = Tokens < 4 ? Tokens : 4;
    static_assert(Tokens == count * vectors && count % 2 == 0);
    const quant::scale_pair scales[2] = {format::scales(*w[0], *w[1]), format::scales(*w[2], *w[3])};
    __m512i s[vectors][tile_rows];
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < tile_rows; ++r) {
        const __m256i own = r % 2 ? scales[r / 2].second : scales[r / 2].first;
        const row_block row = decode<F>(*w[r], own, std::make_integer_sequence<int, 4>{});
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < vectors; ++v) {
            fetch_part<sizeof(typename F::block) * tile_rows, tile_rows * vectors>(next, r * vectors + v);
            __m512i sums[count];
            NIBBLE_UNROLL
            for (std::size_t t = 0; t < count; ++t) {
                sums[t] = multiply<F>(row, *x[4 * v + t]);
                pin(sums[t]);
            }
            s[v][r] = add_each(sums);
            pin(s[v][r]);
        }
    }
    const row_floats floats = load_floats<F>(w);
    __m512i mins[2];
    if constexpr (F::has_min) load_mins<F>(w, scales[0], scales[1], mins);
    NIBBLE_UNROLL
    for (std::size_t v = 0; v < vectors; ++v) {
        const token_block* const* four = x + 4 * v;
        const __m128 d = _mm_setr_ps(four[0]->d, four[1]->d, four[count > 2 ? 2 : 0]->d, four[count - 1]->d);
        const __m512 d_x = _mm512_maskz_broadcast_f32x4(0xffff, d);
        const __m512i sum = avx512::add_lanes4(s[v][0], s[v][1], s[v][2], s[v][3]);
        acc[v] = _mm512_fmadd_ps(_mm512_mul_ps(d_x, floats.d), avx512::to_float(sum), acc[v]);
        if constexpr (F::has_min) {
            __m512i sums[count];
            NIBBLE_UNROLL
            for (std::size_t t = 0; t < count; ++t) sums[t] = multiply_mins<F>(mins, *four[t]);
            const __m512 m = avx512::to_float(add_each(sums)), scale = _mm512_mul_ps(d_x, floats.m);
            acc[v] = format::m_sign < 0 ? _mm512_fnmadd_ps(scale, m, acc[v]) : _mm512_fmadd_ps(scale, m, acc[v]);
        }
    }
}

/// Up to four rows, `row_bytes` apart, times up to Tokens tokens. The last row and token stand in for those that are
/// missing.
template <class F, std::size_t Tokens>
inline void row_tile(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t n_blocks,
                     const token_block* tokens, std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    constexpr std::size_t vectors = (Tokens + 3) / 4;
    const typename F::block* w[tile_rows];
    const token_block* x[Tokens];
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < tile_rows; ++r)
        w[r] = quant::blocks_of<F>(rows + (r < n_rows ? r : n_rows - 1) * row_bytes);
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < Tokens; ++t) x[t] = tokens + 2 * (t < n_tokens ? t : n_tokens - 1) * n_blocks;
    const char* next = reinterpret_cast<const char*>(rows) + tile_rows * row_bytes + gemv_avx2::fetch_lead;
    __m512 acc[vectors];
    NIBBLE_UNROLL
    for (std::size_t v = 0; v < vectors; ++v) acc[v] = _mm512_setzero_ps();
    NIBBLE_ROLLED
    for (std::size_t b = 0; b < n_blocks; ++b) {
        add_blocks<F, Tokens>(w, x, next, acc);
        next += tile_rows * sizeof(typename F::block);
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < tile_rows; ++r) ++w[r];
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) ++x[t];
    }
    float lanes[vectors][tile_rows][4];
    NIBBLE_UNROLL
    for (std::size_t v = 0; v < vectors; ++v) _mm512_storeu_ps(lanes[v], acc[v]);
    for (std::size_t t = 0; t < n_tokens; ++t)
        for (std::size_t r = 0; r < n_rows; ++r) out[t * out_stride + r] = lanes[t / 4][r][t % 4];
}

/// gemv_function of the formats with blocks of 256.
template <class F>
inline void gemv(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth, const void* x,
                 std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    const std::size_t n_blocks = depth / 256;
    const auto* tokens = static_cast<const token_block*>(x);
    if (n_tokens == 1)
        return gemv_avx2::gemv<F>(weights, row_bytes, n_rows, depth, tokens + n_blocks, 1, out, out_stride);
    for (std::size_t r = 0; r < n_rows; r += tile_rows) {
        const std::byte* rows = weights + r * row_bytes;
        const std::size_t count = n_rows - r < tile_rows ? n_rows - r : tile_rows;
        for (std::size_t t = 0; t < n_tokens; t += 8) {
            const std::size_t left = n_tokens - t;
            const auto* these = tokens + 2 * t * n_blocks;
            float* to = out + t * out_stride + r;
            if (left > 4)
                row_tile<F, 8>(rows, row_bytes, count, n_blocks, these, left < 8 ? left : 8, to, out_stride);
            else if (left > 2)
                row_tile<F, 4>(rows, row_bytes, count, n_blocks, these, left, to, out_stride);
            else
                row_tile<F, 2>(rows, row_bytes, count, n_blocks, these, left, to, out_stride);
        }
    }
}

}  // namespace kernels::gemv_avx512
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
