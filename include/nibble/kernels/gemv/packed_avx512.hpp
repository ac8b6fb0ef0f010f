// SPDX-License-Identifier: Apache-2.0
// Blocks of sixteen weight rows as gemv of AVX-512 eats them: lane r of a vector is row r.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <nibble/quant/code_bits.hpp>
#include <nibble/quant/format_avx2.hpp>
#include <nibble/simd/avx512.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX512_VNNI
NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemv_avx512 {

inline constexpr std::size_t tile_rows = 16;

/// What multiplying has to know of a format with blocks of 256 when they are packed: formats that agree in it share the
/// code. One scale, and one min, for so many values; no mins: 0.
template <std::size_t Grain, std::size_t Mins, bool HasOffset>
struct packed_shape {
    static constexpr std::size_t n_scales = 256 / Grain, n_mins = Mins;
    static constexpr bool has_offset = HasOffset;
};

template <quant::block_format F>
using packed_shape_of = packed_shape<quant::n_mins<F> == 8 ? 32 : 16, quant::n_mins<F>, F::offset != 0>;

/// All but the codes of one block of 256 of each of sixteen rows, of a packed_shape.
template <class S>
struct alignas(64) packed_rows {
    std::int32_t scale[S::n_scales][tile_rows];
    std::int16_t min[std::max<std::size_t>(S::n_mins / 2, 1)][tile_rows][2];  ///< two a lane, in the order of the sums
    float d[tile_rows], m[tile_rows];
};

/// The codes of one block of 256 of each row.
struct alignas(64) packed_codes {
    std::uint8_t q[8][8][tile_rows][4];  ///< of sub-block j, step s: values 32 j + 4 s and the next three
};

/// The same where a few instructions take the codes of several sub-blocks from the bytes that these share: whoever
/// needs them does so, which is quicker than to store and load them.
template <class F>
struct shared_bytes {
    const typename F::block* rows[tile_rows];
};

template <class F>
concept shares_bytes = requires {
    requires quant::code_bits<F>::high_bits == 0;
};

/// 32-bit lane n of row r becomes lane r of vector n.
NIBBLE_INLINE void turn(const __m256i (&rows)[tile_rows], __m512i (&v)[8]) noexcept {
    __m512i low[4], high[4];
    NIBBLE_UNROLL
    for (std::size_t c = 0; c < 4; ++c) {
        const __m512i a = avx512::join256(rows[c], rows[4 + c]), b = avx512::join256(rows[8 + c], rows[12 + c]);
        low[c] = _mm512_maskz_shuffle_i32x4(0xffff, a, b, 0x88);
        high[c] = _mm512_maskz_shuffle_i32x4(0xffff, a, b, 0xdd);
    }
    avx512::transpose4(low);
    avx512::transpose4(high);
    NIBBLE_UNROLL
    for (std::size_t c = 0; c < 4; ++c) {
        v[c] = low[c];
        v[4 + c] = high[c];
    }
}

/// The 16 bytes `at` behind the beginning of each block, turned in the same way.
template <class Block>
NIBBLE_INLINE void turn16(const Block* const (&w)[tile_rows], std::size_t at, __m512i (&v)[4]) noexcept {
    NIBBLE_UNROLL
    for (std::size_t c = 0; c < 4; ++c) {
        v[c] = _mm512_castsi128_si512(avx2::load128(reinterpret_cast<const std::uint8_t*>(w[c]) + at));
        v[c] = _mm512_maskz_inserti32x4(0xffff, v[c],
                                        avx2::load128(reinterpret_cast<const std::uint8_t*>(w[4 + c]) + at), 1);
        v[c] = _mm512_maskz_inserti32x4(0xffff, v[c],
                                        avx2::load128(reinterpret_cast<const std::uint8_t*>(w[8 + c]) + at), 2);
        v[c] = _mm512_maskz_inserti32x4(0xffff, v[c],
                                        avx2::load128(reinterpret_cast<const std::uint8_t*>(w[12 + c]) + at), 3);
    }
    avx512::transpose4(v);
}

/// The `Bytes` `at` behind the beginning of each block, as the low bits of 32-bit lanes.
template <std::size_t Bytes, class Block>
NIBBLE_INLINE __m512i words_of(const Block* const (&w)[tile_rows], std::size_t at) noexcept {
    __m128i four[4];
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < 4; ++i)
        four[i] = _mm_setr_epi32(avx2::load_bits<Bytes>(reinterpret_cast<const std::uint8_t*>(w[4 * i]) + at),
                                 avx2::load_bits<Bytes>(reinterpret_cast<const std::uint8_t*>(w[4 * i + 1]) + at),
                                 avx2::load_bits<Bytes>(reinterpret_cast<const std::uint8_t*>(w[4 * i + 2]) + at),
                                 avx2::load_bits<Bytes>(reinterpret_cast<const std::uint8_t*>(w[4 * i + 3]) + at));
    return avx512::join256(_mm256_inserti128_si256(_mm256_castsi128_si256(four[0]), four[1], 1),
                           _mm256_inserti128_si256(_mm256_castsi128_si256(four[2]), four[3], 1));
}

/// Byte 0 of each 32-bit lane four times.
NIBBLE_INLINE __m512i splat_bytes() noexcept {
    return _mm512_maskz_broadcast_i32x4(0xffff, _mm_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12));
}

/// The fifth bit of every code: that of byte i of step s is bit 4 s + i of a row's `bits`.
NIBBLE_INLINE void add_fifth_bits(__m512i bits, __m512i (&steps)[8]) noexcept {
    NIBBLE_UNROLL
    for (std::size_t s = 0; s < 8; ++s) {
        const __m512i from = _mm512_add_epi8(splat_bytes(), _mm512_set1_epi8(static_cast<char>(s / 2)));
        const __m512i bit = _mm512_set1_epi32(s % 2 ? static_cast<int>(0x80402010u) : 0x08040201);
        const __mmask64 set = _mm512_test_epi8_mask(_mm512_shuffle_epi8(bits, from), bit);
        steps[s] = _mm512_mask_add_epi8(steps[s], set, steps[s], _mm512_set1_epi8(16));
    }
}

/// Codes of sub-block J that are nibbles of 16 bytes, the low ones first, or numbers or have bits beside them.
template <class F, int J>
NIBBLE_INLINE void nibble_codes(const typename F::block* const (&w)[tile_rows], __m512i (&steps)[8]) noexcept {
    const __m512i low = _mm512_set1_epi8(15);
    __m512i bytes[4];
    turn16(w, offsetof(typename F::block, qs) + 16 * J, bytes);
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < 4; ++i) {
        steps[i] = _mm512_and_si512(bytes[i], low);
        steps[4 + i] = _mm512_and_si512(_mm512_srli_epi16(bytes[i], 4), low);
    }
    if constexpr (requires { F::codes; }) {
        NIBBLE_UNROLL
        for (std::size_t i = 0; i < 8; ++i) steps[i] = _mm512_shuffle_epi8(avx512::splat128(F::codes), steps[i]);
    }
    if constexpr (requires(typename F::block block) { block.qh; })
        add_fifth_bits(words_of<4>(w, offsetof(typename F::block, qh)), steps);
}

/// The codes of sub-block J, a vector for each four of its 32 values.
template <class F, int J>
NIBBLE_INLINE void load_codes(const typename F::block* const (&w)[tile_rows], __m512i (&steps)[8]) noexcept {
    if constexpr (2 * sizeof(F::block::qs) == F::block_size) {
        nibble_codes<F, J>(w, steps);
    } else {
        __m256i rows[tile_rows];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < tile_rows; ++r) rows[r] = quant::avx2_format<F>::template codes<J>(*w[r]);
        turn(rows, steps);
    }
}

/// Bits from .. from + Count - 1 of every byte, moved to `to`.
template <int Count>
NIBBLE_INLINE __m512i take_bits(__m512i bytes, int from, int to) noexcept {
    const __m512i moved = from < to ? _mm512_slli_epi16(bytes, static_cast<unsigned>(to - from))
                                    : _mm512_srli_epi16(bytes, static_cast<unsigned>(from - to));
    return _mm512_and_si512(moved, _mm512_set1_epi8(static_cast<char>(((1 << Count) - 1) << to)));
}

/// The codes of four sub-blocks from J on, as quant::code_bits says, half after half.
template <class F, std::size_t J>
NIBBLE_INLINE void pack_four(const typename F::block* const (&w)[tile_rows], packed_codes& to) noexcept {
    using bits = quant::code_bits<F>;
    NIBBLE_UNROLL
    for (std::size_t half = 0; half < 2; ++half) {
        __m512i first[4], last[4], high[4];
        turn16(w, bits::low(J) + 16 * half, first);
        if constexpr (bits::low(J + 3) != bits::low(J)) turn16(w, bits::low(J + 3) + 16 * half, last);
        turn16(w, bits::high(J) + 16 * half, high);
        NIBBLE_UNROLL
        for (std::size_t j = J; j < J + 4; ++j) {
            NIBBLE_UNROLL
            for (std::size_t i = 0; i < 4; ++i) {
                const __m512i bytes = bits::low(j) == bits::low(J) ? first[i] : last[i];
                const __m512i low = take_bits<bits::low_bits>(bytes, bits::low_shift(j), 0);
                const __m512i codes =
                    _mm512_or_si512(low, take_bits<bits::high_bits>(high[i], bits::high_shift(j), bits::low_bits));
                _mm512_store_si512(to.q[j][4 * half + i], codes);
            }
        }
    }
}

/// Scales of blocks of 256, and mins where there is one for 32 values.
template <class F, class S>
NIBBLE_INLINE void pack_scales(const typename F::block* const (&w)[tile_rows], packed_rows<S>& to) noexcept {
    __m256i scales[tile_rows];
    __m512i pairs[8], mins[4];
    NIBBLE_UNROLL
    for (std::size_t c = 0; c < 4; ++c) {
        const quant::scale_pair a = quant::avx2_format<F>::scales(*w[c], *w[4 + c]);
        const quant::scale_pair b = quant::avx2_format<F>::scales(*w[8 + c], *w[12 + c]);
        scales[c] = a.first;
        scales[4 + c] = a.second;
        scales[8 + c] = b.first;
        scales[12 + c] = b.second;
        mins[c] = avx512::join256(a.mins, b.mins);
    }
    turn(scales, pairs);  // of groups 0 2, 4 6, .. and then 1 3, 5 7, ..
    constexpr std::size_t grains = S::n_scales / 8;
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < 4 * grains; ++i) {
        const std::size_t at = i % 4 * 2 * grains + i / 4;
        _mm512_store_si512(to.scale[at],
                           _mm512_maskz_srai_epi32(0xffff, _mm512_maskz_slli_epi32(0xffff, pairs[i], 16), 16));
        _mm512_store_si512(to.scale[at + grains], _mm512_maskz_srai_epi32(0xffff, pairs[i], 16));
    }
    if constexpr (S::n_mins == 8) {
        avx512::transpose4(mins);
        NIBBLE_UNROLL
        for (std::size_t i = 0; i < 4; ++i) _mm512_store_si512(to.min[i], mins[i]);
    }
}

/// Halves in the low bits of 32-bit lanes.
NIBBLE_INLINE __m512 floats_of(__m512i halves) noexcept {
    return _mm512_maskz_cvtph_ps(0xffff, _mm512_maskz_cvtepi32_epi16(0xffff, halves));
}

/// quant::power_of_two of 16 exponents.
NIBBLE_INLINE __m512 powers_of_two(__m512i exponents) noexcept {
    const __m512i twice = _mm512_maskz_max_epi32(0xffff, _mm512_maskz_slli_epi32(0xffff, exponents, 23),
                                                 _mm512_set1_epi32(1 << 22));  // 0: 2^-127, subnormal
    const __mmask16 nan = _mm512_cmpeq_epi32_mask(exponents, _mm512_set1_epi32(255));
    return _mm512_mul_ps(_mm512_castsi512_ps(_mm512_mask_set1_epi32(twice, nan, -1)), _mm512_set1_ps(0.5f));
}

/// The floats of a block of each row.
struct row_floats {
    __m512 d, m;
};

template <class F>
NIBBLE_INLINE row_floats load_floats(const typename F::block* const (&w)[tile_rows]) noexcept {
    constexpr std::size_t bytes = sizeof(F::block::d) * F::floats.count;
    const __m512i words = words_of<bytes>(w, offsetof(typename F::block, d));
    row_floats floats{bytes == 1 ? powers_of_two(words) : floats_of(words), _mm512_setzero_ps()};
    if constexpr (F::has_min)
        floats.m = _mm512_mul_ps(floats_of(_mm512_maskz_srli_epi32(0xffff, words, 16)),
                                 _mm512_set1_ps(quant::avx2_format<F>::m_sign));
    return floats;
}

template <class F, int J>
NIBBLE_INLINE void pack_one(const typename F::block* const (&w)[tile_rows], packed_codes& to) noexcept {
    __m512i steps[8];
    load_codes<F, J>(w, steps);
    NIBBLE_UNROLL
    for (std::size_t s = 0; s < 8; ++s) _mm512_store_si512(to.q[J][s], steps[s]);
}

template <class F, int... J>
NIBBLE_INLINE void pack_codes(const typename F::block* const (&w)[tile_rows], packed_codes& to,
                              std::integer_sequence<int, J...>) noexcept {
    if constexpr (requires { quant::code_bits<F>::low_bits; }) {
        pack_four<F, 0>(w, to);
        pack_four<F, 4>(w, to);
    } else {
        (pack_one<F, J>(w, to), ...);
    }
}

/// All but the codes.
template <class F, class S>
NIBBLE_INLINE void pack_rows(const typename F::block* const (&w)[tile_rows], packed_rows<S>& to) noexcept {
    pack_scales<F>(w, to);
    if constexpr (S::n_mins == 16) {
        __m256i mins[tile_rows];
        __m512i pairs[8];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < tile_rows; ++r) mins[r] = quant::avx2_format<F>::mins(*w[r]);
        turn(mins, pairs);
        NIBBLE_UNROLL
        for (std::size_t i = 0; i < 8; ++i) _mm512_store_si512(to.min[i], pairs[i]);
    }
    const row_floats floats = load_floats<F>(w);
    _mm512_store_ps(to.d, floats.d);
    _mm512_store_ps(to.m, floats.m);
}

/// Block b of each of the rows.
template <class F>
NIBBLE_INLINE void blocks_at(const std::byte* const (&rows)[tile_rows], std::size_t b,
                             const typename F::block* (&w)[tile_rows]) noexcept {
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < tile_rows; ++r) w[r] = quant::blocks_of<F>(rows[r]) + b;
}

/// Block b of the rows.
template <class F>
inline void pack(const std::byte* const (&rows)[tile_rows], std::size_t b, packed_rows<packed_shape_of<F>>& to,
                 packed_codes& codes) noexcept {
    const typename F::block* w[tile_rows];
    blocks_at<F>(rows, b, w);
    pack_codes<F>(w, codes, std::make_integer_sequence<int, 8>{});
    pack_rows<F>(w, to);
}

template <class F>
inline void pack(const std::byte* const (&rows)[tile_rows], std::size_t b, packed_rows<packed_shape_of<F>>& to,
                 shared_bytes<F>& codes) noexcept {
    blocks_at<F>(rows, b, codes.rows);
    pack_rows<F>(codes.rows, to);
}

}  // namespace kernels::gemv_avx512
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
