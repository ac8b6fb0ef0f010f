// SPDX-License-Identifier: Apache-2.0
// The one place that includes xsimd: vectors of 128 bits for machines without a set of kernels of their own.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/core/config.hpp>
#include <nibble/simd/region.hpp>

#if NIBBLE_X86_64 || defined(__aarch64__)
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

#if NIBBLE_X86_64 || defined(__aarch64__)

#if defined(__aarch64__)
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

/// Byte `index` of the table in every byte; indices below 16.
NIBBLE_INLINE u8x16 look_up(const std::uint8_t (&table)[16], u8x16 index) noexcept {
#if defined(__SSSE3__)
    return _mm_shuffle_epi8(load(table), index);
#else
    std::uint8_t bytes[16];
    store(bytes, index);
    for (std::uint8_t& byte : bytes) byte = table[byte];
    return load(bytes);
#endif
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
NIBBLE_INLINE void pin(i32x4& v) noexcept { asm("" : "+x"(v.data)); }

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

#if defined(__FMA__)
/// a * b + c, rounded once.
NIBBLE_INLINE f32x4 fma(f32x4 a, f32x4 b, f32x4 c) noexcept { return _mm_fmadd_ps(a, b, c); }
#else
/// product + addend, rounded to odd, as nibble::detail::emulated_fma says: where the sum is inexact, it is cut towards
/// zero, one step back if the error has the other sign, and the last bit is set.
NIBBLE_INLINE __m128d sum_to_odd(__m128d product, __m128d addend) noexcept {
    const __m128d sum = _mm_add_pd(product, addend);
    const __m128d part = _mm_sub_pd(sum, product);
    const __m128d error = _mm_add_pd(_mm_sub_pd(product, _mm_sub_pd(sum, part)), _mm_sub_pd(addend, part));
    const __m128d magnitude = _mm_andnot_pd(_mm_set1_pd(-0.0), error);
    // -1 where inexact; 0 for an infinity or a NaN, whose error is NaN
    const __m128i inexact = _mm_castpd_si128(_mm_cmplt_pd(_mm_setzero_pd(), magnitude));
    const __m128i other_sign = _mm_srli_epi64(_mm_castpd_si128(_mm_xor_pd(sum, error)), 63);
    const __m128i cut = _mm_sub_epi64(_mm_castpd_si128(sum), _mm_and_si128(other_sign, inexact));
    return _mm_castsi128_pd(_mm_or_si128(cut, _mm_srli_epi64(inexact, 63)));
}

/// a * b + c, rounded once.
NIBBLE_INLINE f32x4 fma(f32x4 a, f32x4 b, f32x4 c) noexcept {
    const __m128 a2 = _mm_movehl_ps(a, a), b2 = _mm_movehl_ps(b, b), c2 = _mm_movehl_ps(c, c);
    const __m128d low = sum_to_odd(_mm_mul_pd(_mm_cvtps_pd(a), _mm_cvtps_pd(b)), _mm_cvtps_pd(c));
    const __m128d high = sum_to_odd(_mm_mul_pd(_mm_cvtps_pd(a2), _mm_cvtps_pd(b2)), _mm_cvtps_pd(c2));
    return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}
#endif

#else  // NEON

template <int From, int Width, int To>
NIBBLE_INLINE u8x16 bits(u8x16 v) noexcept {
    const uint8x16_t mask = vdupq_n_u8(static_cast<std::uint8_t>(((1 << Width) - 1) << To));
    if constexpr (From > To) return vandq_u8(vshrq_n_u8(v, From - To), mask);
    return vandq_u8(vshlq_n_u8(v, From > To ? 0 : To - From), mask);
}
NIBBLE_INLINE u8x16 look_up(const std::uint8_t (&table)[16], u8x16 index) noexcept {
    return vqtbl1q_u8(load(table), index);
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

/// The sum of the lanes, folded in halves: 2, 1.
NIBBLE_INLINE float fold(f32x4 v) noexcept {
    float lanes[4];
    store(lanes, v);
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

/// nibble::half_to_float of the low 16 bits of each lane. No operand is subnormal, which a caller's mode of the
/// processor could turn to zero: the scales of real weights are subnormal halves.
NIBBLE_INLINE f32x4 half_to_float(i32x4 half) noexcept {
    const auto ints = [](std::int32_t value) { return splat(value); };
    const i32x4 magnitude = half & ints(0x7fff), shifted = shift_left<13>(magnitude);
    const i32x4 normal = shifted + ints(112 << 23);
    const i32x4 subnormal = bits_of(to_float(magnitude) * splat(0x1p-24f));
    const i32x4 special = greater(magnitude, ints(0x7bff)) & ints(0x7f800000);  // infinity, NaN
    const i32x4 sign = shift_left<16>(half & ints(0x8000));
    return float_of(sign | special | select(greater(magnitude, ints(0x3ff)), normal, subnormal));
}

}  // namespace portable
NIBBLE_NAMESPACE_END
