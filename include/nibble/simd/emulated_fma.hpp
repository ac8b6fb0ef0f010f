// SPDX-License-Identifier: Apache-2.0
// A fused multiply-add of four floats on x86-64 processors that have no such instruction.
#pragma once

#include <limits>

#include <nibble/core/config.hpp>
#include <nibble/simd/region.hpp>

#if NIBBLE_X86_64 && !defined(__FMA__)

NIBBLE_NAMESPACE_BEGIN
namespace portable {

/// Lanes 0 and 1, 2 and 3 as doubles.
struct double_lanes {
    __m128d low, high;
};

NIBBLE_INLINE double_lanes to_double(__m128 v) noexcept { return {_mm_cvtps_pd(v), _mm_cvtps_pd(_mm_movehl_ps(v, v))}; }
NIBBLE_INLINE __m128 to_float(double_lanes v) noexcept {
    return _mm_movelh_ps(_mm_cvtpd_ps(v.low), _mm_cvtpd_ps(v.high));
}
/// Exact: 24 + 24 bits of 53.
NIBBLE_INLINE double_lanes double_product(__m128 a, __m128 b) noexcept {
    const double_lanes x = to_double(a), y = to_double(b);
    return {_mm_mul_pd(x.low, y.low), _mm_mul_pd(x.high, y.high)};
}

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

/// emulated_fma of any numbers.
NIBBLE_RARE __m128 fma_to_odd(__m128 a, __m128 b, __m128 c) noexcept {
    const double_lanes ab = double_product(a, b), addend = to_double(c);
    return to_float({sum_to_odd(ab.low, addend.low), sum_to_odd(ab.high, addend.high)});
}

/// a * b + c, rounded once. The plain sum in double is rounded twice, which differs only where that double lies halfway
/// between two floats, its lower 29 bits 1 0 .. 0, or where the float is subnormal: four lanes with such a one, which
/// are rare, take the long way. `Whole`: b is an integer. Then both terms are multiples of 2^-149, the unit of
/// subnormal floats, and such a sum is exact.
template <bool Whole>
NIBBLE_INLINE __m128 emulated_fma(__m128 a, __m128 b, __m128 c) noexcept {
    const double_lanes ab = double_product(a, b), addend = to_double(c);
    const double_lanes sum{_mm_add_pd(ab.low, addend.low), _mm_add_pd(ab.high, addend.high)};
    const __m128 low = _mm_castpd_ps(sum.low), high = _mm_castpd_ps(sum.high);
    constexpr int least = std::numeric_limits<int>::min(), most = std::numeric_limits<int>::max();
    const __m128i ends = _mm_slli_epi32(_mm_castps_si128(_mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0))), 3);
    __m128i doubtful = _mm_cmpeq_epi32(ends, _mm_set1_epi32(least));
    if constexpr (!Whole) {
        // 0 < |sum| < 2^-126 by the upper 32 bits: adding 2^31 - 1 makes a zero the largest integer, and of the others,
        // which stay in order, the first the least
        const __m128i magnitude =
            _mm_and_si128(_mm_castps_si128(_mm_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1))), _mm_set1_epi32(most));
        const __m128i in_order = _mm_add_epi32(magnitude, _mm_set1_epi32(most));
        constexpr int normal = 0x38100000;  // 2^-126
        doubtful = _mm_or_si128(doubtful, _mm_cmplt_epi32(in_order, _mm_set1_epi32(least + normal - 1)));
    }
    if (_mm_movemask_epi8(doubtful) != 0) [[unlikely]]
        return fma_to_odd(a, b, c);
    return to_float(sum);
}

}  // namespace portable
NIBBLE_NAMESPACE_END

#endif
