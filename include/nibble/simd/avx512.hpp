// SPDX-License-Identifier: Apache-2.0
// The few AVX-512 idioms that several kernels share.
#pragma once

#include <nibble/simd/region.hpp>

#if NIBBLE_X86_64

#include <cstddef>
#include <cstdint>
#include <cstring>

NIBBLE_REGION_BEGIN_AVX512_VNNI
NIBBLE_NAMESPACE_BEGIN
namespace avx512 {

// Masked forms with every lane: the plain intrinsics make g++ 12 warn about their own undefined operands.

inline __m512i load(const void* p) noexcept { return _mm512_loadu_si512(p); }

/// The 4 bytes at `p` in every 32-bit lane.
inline __m512i splat32(const void* p) noexcept {
    std::int32_t bits;
    std::memcpy(&bits, p, 4);
    return _mm512_set1_epi32(bits);
}

/// The 16 bytes at `p` in every 128-bit lane.
inline __m512i splat128(const void* p) noexcept {
    return _mm512_maskz_broadcast_i32x4(0xffff, _mm_loadu_si128(static_cast<const __m128i*>(p)));
}

/// `low`, and `high` behind it.
inline __m512i join256(__m256i low, __m256i high) noexcept {
    return _mm512_maskz_inserti64x4(0xff, _mm512_castsi256_si512(low), high, 1);
}

inline __m512 to_float(__m512i v) noexcept { return _mm512_maskz_cvtepi32_ps(0xffff, v); }

inline __m512i low32(__m512i a, __m512i b) noexcept { return _mm512_maskz_unpacklo_epi32(0xffff, a, b); }
inline __m512i high32(__m512i a, __m512i b) noexcept { return _mm512_maskz_unpackhi_epi32(0xffff, a, b); }
inline __m512i low64(__m512i a, __m512i b) noexcept { return _mm512_maskz_unpacklo_epi64(0xff, a, b); }
inline __m512i high64(__m512i a, __m512i b) noexcept { return _mm512_maskz_unpackhi_epi64(0xff, a, b); }

/// In each 128-bit lane: 32-bit lane c of vector n changes places with 32-bit lane n of vector c.
inline void transpose4(__m512i (&v)[4]) noexcept {
    const __m512i a = low32(v[0], v[1]), b = high32(v[0], v[1]), c = low32(v[2], v[3]), d = high32(v[2], v[3]);
    v[0] = low64(a, c);
    v[1] = high64(a, c);
    v[2] = low64(b, d);
    v[3] = high64(b, d);
}

}  // namespace avx512
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
