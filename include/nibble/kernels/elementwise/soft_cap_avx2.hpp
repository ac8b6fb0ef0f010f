// SPDX-License-Identifier: Apache-2.0
// Soft caps of eight floats at once.
#pragma once

#include <nibble/kernels/elementwise/exp2_avx2.hpp>
#include <nibble/kernels/elementwise/soft_cap.hpp>
#include <nibble/simd/region.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels {

inline __m256 soft_cap_avx2(__m256 x, float cap) noexcept {
    const __m256 one = _mm256_set1_ps(1.0f), sign = _mm256_set1_ps(-0.0f);
    const __m256 octaves = _mm256_mul_ps(x, _mm256_set1_ps(tanh_octaves / cap));
    const __m256 e = exp2_nonpositive_avx2(_mm256_or_ps(octaves, sign));
    const __m256 numerator = _mm256_fmadd_ps(_mm256_set1_ps(cap), _mm256_sub_ps(one, e), _mm256_sub_ps(x, x));
    return _mm256_or_ps(_mm256_div_ps(numerator, _mm256_add_ps(one, e)), _mm256_and_ps(x, sign));
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
