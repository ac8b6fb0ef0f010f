// SPDX-License-Identifier: Apache-2.0
// The one place that includes xsimd: vectors of 128 bits for machines without a set of kernels of their own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <nibble/core/config.hpp>
#include <nibble/simd/emulated_fma.hpp>
#include <nibble/simd/region.hpp>

#if NIBBLE_X86_64 || NIBBLE_AARCH64
#include <xsimd/xsimd.hpp>
#else
#include <nibble/simd/lanes.hpp>
#endif

// Only what the kernels need, and nothing whose bits depend on the machine: integers are exact, floats rounded once.
// Vectors are 128 bits wide under any flags, of the best architecture of that width which the flags allow: machines
// with more have sets of their own, wherever they run. What xsimd lacks, has as a loop over the lanes (8.1: int16
// products of SSE2) or approximates (8.1: quotients of NEON), is written here; of its operators only + - * & | ^ are
// used. Machines without an architecture in xsimd 8.1 have arrays (simd/lanes.hpp).
//
// As everywhere, a product must not meet an addition as such (core/float_math.hpp): compilers fuse intrinsics, too.

NIBBLE_NAMESPACE_BEGIN
namespace portable {

#if NIBBLE_X86_64 || NIBBLE_AARCH64

#if NIBBLE_AARCH64
using arch = xsimd::neon64;
#elif defined(__SSE4_2__)
using arch = xsimd::sse4_2;
#elif defined(__SSE4_1__)
using arch = xsimd::sse4_1;
#elif defined(__SSSE3__)
using arch = xsimd::ssse3;
#else
using arch = xsimd::sse2;
#endif

template <class T>
using vector = xsimd::batch<T, arch>;

template <class T>
NIBBLE_INLINE vector<T> load(const T* p) noexcept {
    return vector<T>::load_unaligned(p);
}
template <class T>
NIBBLE_INLINE void store(T* p, vector<T> v) noexcept {
    v.store_unaligned(p);
}
template <class T>
NIBBLE_INLINE vector<T> splat(T value) noexcept {
    return vector<T>(value);
}

using u8x16 = vector<std::uint8_t>;
using i16x8 = vector<std::int16_t>;
using i32x4 = vector<std::int32_t>;
using f32x4 = vector<float>;

#if NIBBLE_X86_64

/// Bits From .. From + Width - 1 of every byte, moved to bit To.
template <int From, int Width, int To>
NIBBLE_INLINE u8x16 bits(u8x16 v) noexcept {
    const __m128i moved =
        From > To ? _mm_srli_epi16(v, From > To ? From - To : 0) : _mm_slli_epi16(v, From > To ? 0 : To - From);
    return _mm_and_si128(moved, _mm_set1_epi8(static_cast<char>(((1 << Width) - 1) << To)));
}

#if !defined(__SSSE3__)
/// The bytes of Table for both nibbles of every byte, the low one's first.
template <const std::uint8_t (&Table)[16]>
inline constexpr auto pairs_of = [] {
    std::array<std::uint16_t, 256> pairs{};
    for (std::size_t i = 0; i < 256; ++i) pairs[i] = static_cast<std::uint16_t>(Table[i % 16] | Table[i / 16] << 8);
    return pairs;
}();
#endif

/// The bytes of Table that nibbles are the indices of: bits From .. From + 3 of 16 bytes, From 0 or 4.
template <const std::uint8_t (&Table)[16], int From>
NIBBLE_INLINE u8x16 look_up(const std::uint8_t* nibbles) noexcept {
#if defined(__SSSE3__)
    return _mm_shuffle_epi8(load(Table), bits<From, 4, 0>(load(nibbles)));
#else  // both nibbles of a byte at once: who asks for the others too gets them for three more instructions
    const auto pair = [nibbles](int i) { return static_cast<short>(pairs_of<Table>[nibbles[i]]); };
    const __m128i a = _mm_setr_epi16(pair(0), pair(1), pair(2), pair(3), pair(4), pair(5), pair(6), pair(7));
    const __m128i b = _mm_setr_epi16(pair(8), pair(9), pair(10), pair(11), pair(12), pair(13), pair(14), pair(15));
    if constexpr (From == 4) return _mm_packus_epi16(_mm_srli_epi16(a, 8), _mm_srli_epi16(b, 8));
    const __m128i low = _mm_set1_epi16(255);
    return _mm_packus_epi16(_mm_and_si128(a, low), _mm_and_si128(b, low));
#endif
}

/// The high 8 bits of each product.
NIBBLE_INLINE u8x16 multiply_high(u8x16 a, u8x16 b) noexcept {
    const __m128i zero = _mm_setzero_si128();
    return _mm_packus_epi16(_mm_mulhi_epu16(_mm_unpacklo_epi8(zero, a), _mm_unpacklo_epi8(b, zero)),
                            _mm_mulhi_epu16(_mm_unpackhi_epi8(zero, a), _mm_unpackhi_epi8(b, zero)));
}

/// 16 bytes: the lowest of `low` first.
NIBBLE_INLINE u8x16 from_words(std::uint64_t low, std::uint64_t high) noexcept {
    return _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
}

NIBBLE_INLINE i32x4 from_lanes(std::int32_t a, std::int32_t b, std::int32_t c, std::int32_t d) noexcept {
    return _mm_setr_epi32(a, b, c, d);
}
NIBBLE_INLINE f32x4 from_lanes(float a, float b, float c, float d) noexcept { return _mm_setr_ps(a, b, c, d); }

/// The first and the last eight bytes as int16.
NIBBLE_INLINE i16x8 widen_low(u8x16 v) noexcept { return _mm_unpacklo_epi8(v, _mm_setzero_si128()); }
NIBBLE_INLINE i16x8 widen_high(u8x16 v) noexcept { return _mm_unpackhi_epi8(v, _mm_setzero_si128()); }

/// The first and the last four lanes as int32.
NIBBLE_INLINE i32x4 widen_low(i16x8 v) noexcept { return _mm_srai_epi32(_mm_unpacklo_epi16(v, v), 16); }
NIBBLE_INLINE i32x4 widen_high(i16x8 v) noexcept { return _mm_srai_epi32(_mm_unpackhi_epi16(v, v), 16); }

/// Lane J in all lanes.
template <int J>
NIBBLE_INLINE i16x8 splat_lane(i16x8 v) noexcept {
    const __m128i pairs = J < 4 ? _mm_unpacklo_epi16(v, v) : _mm_unpackhi_epi16(v, v);
    return _mm_shuffle_epi32(pairs, J % 4 * 0x55);
}

/// The low 16 bits of each product.
NIBBLE_INLINE i16x8 multiply(i16x8 a, i16x8 b) noexcept { return _mm_mullo_epi16(a, b); }

/// Adds to `sums` the products of all lanes: two of them, or one of each half, go to each of the four lanes.
NIBBLE_INLINE i32x4 add_products(i32x4 sums, i16x8 a, i16x8 b) noexcept {
    return _mm_add_epi32(sums, _mm_madd_epi16(a, b));
}

/// Keeps an accumulator in its register: g++ otherwise loads and multiplies ahead of the sums and spills.
NIBBLE_INLINE void pin(i32x4& v) noexcept { NIBBLE_PIN("x", v.data); }

/// The sums of the lanes of each of four vectors, in order.
NIBBLE_INLINE i32x4 transpose_sum(i32x4 a, i32x4 b, i32x4 c, i32x4 d) noexcept {
    const __m128i ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
    const __m128i cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
    return _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
}

NIBBLE_INLINE f32x4 to_float(i32x4 v) noexcept { return _mm_cvtepi32_ps(v); }

/// The nearest integers, ties to even; |v| < 2^31.
NIBBLE_INLINE i32x4 round_to_int(f32x4 v) noexcept { return _mm_cvtps_epi32(v); }

/// The lanes of `a`, then those of `b`, which all fit int16.
NIBBLE_INLINE i16x8 narrow(i32x4 a, i32x4 b) noexcept { return _mm_packs_epi32(a, b); }

NIBBLE_INLINE i32x4 bits_of(f32x4 v) noexcept { return _mm_castps_si128(v); }
NIBBLE_INLINE f32x4 float_of(i32x4 v) noexcept { return _mm_castsi128_ps(v); }
template <int N>
NIBBLE_INLINE i32x4 shift_left(i32x4 v) noexcept {
    return _mm_slli_epi32(v, N);
}
/// All bits set where a > b, else none.
NIBBLE_INLINE i32x4 greater(i32x4 a, i32x4 b) noexcept { return _mm_cmpgt_epi32(a, b); }

/// Lanes of `a` and `b` that follow each other, every other one; and the way back.
NIBBLE_INLINE f32x4 evens(f32x4 a, f32x4 b) noexcept { return _mm_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)); }
NIBBLE_INLINE f32x4 odds(f32x4 a, f32x4 b) noexcept { return _mm_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)); }
NIBBLE_INLINE f32x4 zip_low(f32x4 even, f32x4 odd) noexcept { return _mm_unpacklo_ps(even, odd); }
NIBBLE_INLINE f32x4 zip_high(f32x4 even, f32x4 odd) noexcept { return _mm_unpackhi_ps(even, odd); }

NIBBLE_INLINE f32x4 divide(f32x4 a, f32x4 b) noexcept { return _mm_div_ps(a, b); }

/// a > b ? a : b, so `b` where either is NaN.
NIBBLE_INLINE f32x4 larger(f32x4 a, f32x4 b) noexcept { return _mm_max_ps(a, b); }

/// a * b + c, rounded once.
NIBBLE_INLINE f32x4 fma(f32x4 a, f32x4 b, f32x4 c) noexcept {
#if defined(__FMA__)
    return _mm_fmadd_ps(a, b, c);
#else
    return emulated_fma<false>(a, b, c);
#endif
}

#else  // NEON

template <int From, int Width, int To>
NIBBLE_INLINE u8x16 bits(u8x16 v) noexcept {
    const uint8x16_t mask = vdupq_n_u8(static_cast<std::uint8_t>(((1 << Width) - 1) << To));
    if constexpr (From + Width == 8 && To == 0) return vshrq_n_u8(v, From);
    if constexpr (From > To) return vandq_u8(vshrq_n_u8(v, From - To), mask);
    return vandq_u8(vshlq_n_u8(v, From > To ? 0 : To - From), mask);
}
template <const std::uint8_t (&Table)[16], int From>
NIBBLE_INLINE u8x16 look_up(const std::uint8_t* nibbles) noexcept {
    return vqtbl1q_u8(load(Table), bits<From, 4, 0>(load(nibbles)));
}
NIBBLE_INLINE u8x16 multiply_high(u8x16 a, u8x16 b) noexcept {
    const uint16x8_t low = vmull_u8(vget_low_u8(a), vget_low_u8(b)), high = vmull_high_u8(a, b);
    return vuzp2q_u8(vreinterpretq_u8_u16(low), vreinterpretq_u8_u16(high));
}
NIBBLE_INLINE u8x16 from_words(std::uint64_t low, std::uint64_t high) noexcept {
    return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)));
}
NIBBLE_INLINE i32x4 from_lanes(std::int32_t a, std::int32_t b, std::int32_t c, std::int32_t d) noexcept {
    return int32x4_t{a, b, c, d};
}
NIBBLE_INLINE f32x4 from_lanes(float a, float b, float c, float d) noexcept { return float32x4_t{a, b, c, d}; }
NIBBLE_INLINE i16x8 widen_low(u8x16 v) noexcept { return vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(v))); }
NIBBLE_INLINE i16x8 widen_high(u8x16 v) noexcept { return vreinterpretq_s16_u16(vmovl_high_u8(v)); }
NIBBLE_INLINE i32x4 widen_low(i16x8 v) noexcept { return vmovl_s16(vget_low_s16(v)); }
NIBBLE_INLINE i32x4 widen_high(i16x8 v) noexcept { return vmovl_high_s16(v); }
template <int J>
NIBBLE_INLINE i16x8 splat_lane(i16x8 v) noexcept {
    return vdupq_laneq_s16(v, J);
}
NIBBLE_INLINE i16x8 multiply(i16x8 a, i16x8 b) noexcept { return vmulq_s16(a, b); }
NIBBLE_INLINE i32x4 add_products(i32x4 sums, i16x8 a, i16x8 b) noexcept {
    return vmlal_high_s16(vmlal_s16(sums, vget_low_s16(a), vget_low_s16(b)), a, b);
}
NIBBLE_INLINE void pin(i32x4&) noexcept {}
NIBBLE_INLINE i32x4 transpose_sum(i32x4 a, i32x4 b, i32x4 c, i32x4 d) noexcept {
    return vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
}
NIBBLE_INLINE f32x4 to_float(i32x4 v) noexcept { return vcvtq_f32_s32(v); }
NIBBLE_INLINE i32x4 round_to_int(f32x4 v) noexcept { return vcvtnq_s32_f32(v); }
NIBBLE_INLINE i16x8 narrow(i32x4 a, i32x4 b) noexcept { return vcombine_s16(vmovn_s32(a), vmovn_s32(b)); }
NIBBLE_INLINE i32x4 bits_of(f32x4 v) noexcept { return vreinterpretq_s32_f32(v); }
NIBBLE_INLINE f32x4 float_of(i32x4 v) noexcept { return vreinterpretq_f32_s32(v); }
template <int N>
NIBBLE_INLINE i32x4 shift_left(i32x4 v) noexcept {
    return vshlq_n_s32(v, N);
}
NIBBLE_INLINE i32x4 greater(i32x4 a, i32x4 b) noexcept { return vreinterpretq_s32_u32(vcgtq_s32(a, b)); }
NIBBLE_INLINE f32x4 evens(f32x4 a, f32x4 b) noexcept { return vuzp1q_f32(a, b); }
NIBBLE_INLINE f32x4 odds(f32x4 a, f32x4 b) noexcept { return vuzp2q_f32(a, b); }
NIBBLE_INLINE f32x4 zip_low(f32x4 even, f32x4 odd) noexcept { return vzip1q_f32(even, odd); }
NIBBLE_INLINE f32x4 zip_high(f32x4 even, f32x4 odd) noexcept { return vzip2q_f32(even, odd); }
NIBBLE_INLINE f32x4 divide(f32x4 a, f32x4 b) noexcept { return vdivq_f32(a, b); }
NIBBLE_INLINE f32x4 larger(f32x4 a, f32x4 b) noexcept { return vbslq_f32(vcgtq_f32(a, b), a, b); }
NIBBLE_INLINE f32x4 fma(f32x4 a, f32x4 b, f32x4 c) noexcept { return vfmaq_f32(c, a, b); }

#endif

#else

using namespace lanes;

#endif

/// The lanes of `a` where `mask` is set, else those of `b`.
NIBBLE_INLINE i32x4 select(i32x4 mask, i32x4 a, i32x4 b) noexcept { return b ^ (mask & (a ^ b)); }

NIBBLE_INLINE i32x4 max(i32x4 a, i32x4 b) noexcept { return select(greater(a, b), a, b); }

NIBBLE_INLINE f32x4 negated(f32x4 v) noexcept { return float_of(bits_of(v) ^ bits_of(splat(-0.0f))); }

/// a * n + c, `n` rounded to float and then the result once.
NIBBLE_INLINE f32x4 fma_int(f32x4 a, i32x4 n, f32x4 c) noexcept {
#if NIBBLE_X86_64 && !defined(__FMA__)
    return emulated_fma<true>(a, to_float(n), c);
#else
    return fma(a, to_float(n), c);
#endif
}

/// The sum of the lanes, folded in halves: 2, 1.
NIBBLE_INLINE float fold(f32x4 v) noexcept {
    float lanes[4];
    store(lanes, v);
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

/// 32 partial sums, folded in halves as quant::dot_float says.
NIBBLE_INLINE float fold(const f32x4 (&v)[8]) noexcept {
    return fold(((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])));
}

/// nibble::half_to_float of the low 16 bits of each lane. No operand is subnormal, which a caller's mode of the
/// processor could turn to zero: the scales of real weights are subnormal halves.
NIBBLE_INLINE f32x4 half_to_float(i32x4 half) noexcept {
#if NIBBLE_AARCH64  // one instruction, which no mode of the processor changes
    return vcvt_f32_f16(vreinterpret_f16_s16(vmovn_s32(half)));
#else
    const auto ints = [](std::int32_t value) { return splat(value); };
    const i32x4 magnitude = half & ints(0x7fff), shifted = shift_left<13>(magnitude);
    const i32x4 normal = shifted + ints(112 << 23);
    const i32x4 subnormal = bits_of(to_float(magnitude) * splat(0x1p-24f));
    const i32x4 special = greater(magnitude, ints(0x7bff)) & ints(0x7f800000);  // infinity, NaN
    const i32x4 sign = shift_left<16>(half & ints(0x8000));
    return float_of(sign | special | select(greater(magnitude, ints(0x3ff)), normal, subnormal));
#endif
}

}  // namespace portable
NIBBLE_NAMESPACE_END
