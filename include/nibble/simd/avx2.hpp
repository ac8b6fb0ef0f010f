// SPDX-License-Identifier: Apache-2.0
// The few AVX2 idioms that several kernels share.
#pragma once

#include <nibble/simd/region.hpp>

#if NIBBLE_X86_64

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace avx2 {

inline __m256i load(const void* p) noexcept { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
inline __m128i load128(const void* p) noexcept { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
inline void store(void* p, __m256i v) noexcept { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }

/// The 4 bytes at `p` in every 32-bit lane.
inline __m256i splat32(const void* p) noexcept {
    std::int32_t bits;
    std::memcpy(&bits, p, 4);
    return _mm256_set1_epi32(bits);
}

/// The 16 bytes at `p` in both halves.
inline __m256i splat128(const void* p) noexcept { return _mm256_broadcastsi128_si256(load128(p)); }

/// The 16 bytes at `low` and the 16 bytes at `high`.
inline __m256i join128(const void* low, const void* high) noexcept {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load128(low)), load128(high), 1);
}

/// Byte indices of a 16-bit lane, 16 times.
struct alignas(32) splat_mask {
    std::uint16_t lanes[16];
};

template <int J>
inline constexpr splat_mask splat16_mask = [] {
    splat_mask mask{};
    for (std::uint16_t& lane : mask.lanes) lane = (2 * J + 1) << 8 | 2 * J;
    return mask;
}();

/// 16-bit lane J of each half of `v`, in all lanes of that half: one shuffle, which clang would make two.
template <int J>
inline __m256i splat16(__m256i v) noexcept {
    __m256i splat;
    asm("vpshufb %2, %1, %0" : "=x"(splat) : "x"(v), "m"(splat16_mask<J>));
    return splat;
}

/// The sums of the eight 32-bit lanes of each of four vectors, in order.
inline __m128i transpose_add4(__m256i a, __m256i b, __m256i c, __m256i d) noexcept {
    const __m256i sums = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    return _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
}

/// The sums of the four 32-bit lanes of each of four vectors, in order.
inline __m128i transpose_add4(__m128i a, __m128i b, __m128i c, __m128i d) noexcept {
    return _mm_hadd_epi32(_mm_hadd_epi32(a, b), _mm_hadd_epi32(c, d));
}

/// The sum of 32 floats, folded in halves: 16, 8, 4, 2, 1.
inline float fold(const __m256 (&v)[4]) noexcept {
    const __m256 eight = _mm256_add_ps(_mm256_add_ps(v[0], v[2]), _mm256_add_ps(v[1], v[3]));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// The 1, 2 or 4 bytes at `p` as the low bits of an int.
template <std::size_t Bytes>
inline std::int32_t load_bits(const void* p) noexcept {
    using wide = std::conditional_t<Bytes == 4, std::int32_t, std::uint16_t>;
    std::conditional_t<Bytes == 1, std::uint8_t, wide> bits;
    std::memcpy(&bits, p, Bytes);
    return bits;
}

}  // namespace avx2
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
