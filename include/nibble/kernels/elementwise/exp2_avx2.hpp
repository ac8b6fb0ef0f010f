// SPDX-License-Identifier: Apache-2.0
// Powers of two of eight floats at once.
#pragma once

#include <cstddef>
#include <iterator>

#include <nibble/kernels/elementwise/exp2.hpp>
#include <nibble/simd/region.hpp>

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
