// SPDX-License-Identifier: Apache-2.0
// Powers of two for softmax and SiLU: one polynomial, the same bits in plain C++ and in vectors.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include <nibble/core/config.hpp>
#include <nibble/simd/region.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// 2^t for t <= 0 within 1 ulp; exactly 1 at 0; exactly 0 at -127 and below, -infinity included, and for NaN.
/// t = n + f with n the nearest integer: a polynomial for 2^f, n added to the exponent bits. The coefficients are the
/// minimax ones of relative error on [-1/2, 1/2] with the constant term held at 1 (4e-9 before rounding).
/// Adding 1.5 * 2^23 rounds t to an integer, which then stands in the low bits of the sum.
inline constexpr float exp2_rounder = 0x1.8p23f;
inline constexpr float exp2_lowest = -127.0f;
inline constexpr float exp2_coefficients[] = {
    0x1.446c7ep-13f, 0x1.5f88fep-10f, 0x1.3b29e4p-7f, 0x1.c6ae2cp-5f, 0x1.ebfbe0p-3f, 0x1.62e432p-1f, 1.0f};

[[nodiscard]] inline float exp2_nonpositive(float t) noexcept {
    t = t > exp2_lowest ? t : exp2_lowest;
    const float shifted = t + exp2_rounder;
    const float f = t - (shifted - exp2_rounder);
    float p = exp2_coefficients[0];
    for (std::size_t i = 1; i < std::size(exp2_coefficients); ++i) p = std::fma(p, f, exp2_coefficients[i]);
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) + (std::bit_cast<std::uint32_t>(shifted) << 23));
}

}  // namespace kernels
NIBBLE_NAMESPACE_END

#if NIBBLE_X86_64
NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels {

inline __m256 exp2_nonpositive_avx2(__m256 t) noexcept {
    const __m256 rounder = _mm256_set1_ps(exp2_rounder);
    t = _mm256_max_ps(t, _mm256_set1_ps(exp2_lowest));
    const __m256 shifted = _mm256_add_ps(t, rounder);
    const __m256 f = _mm256_sub_ps(t, _mm256_sub_ps(shifted, rounder));
    __m256 p = _mm256_set1_ps(exp2_coefficients[0]);
    NIBBLE_UNROLL
    for (std::size_t i = 1; i < std::size(exp2_coefficients); ++i)
        p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(exp2_coefficients[i]));
    const __m256i n = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), n));
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END
#endif
