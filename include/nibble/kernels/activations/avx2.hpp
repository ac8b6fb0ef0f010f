// SPDX-License-Identifier: Apache-2.0
// Activations for the AVX2 kernels, which AVX-512 packs for itself from the same blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <nibble/kernels/activations/token_block.hpp>
#include <nibble/simd/avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels::activations_avx2 {

/// The largest 32-bit lane, unsigned; for bit patterns of magnitudes this is the order of the floats, NaN above all.
inline std::uint32_t largest_lane(__m256i v) noexcept {
    __m128i m = _mm_max_epu32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    m = _mm_max_epu32(m, _mm_shuffle_epi32(m, _MM_SHUFFLE(1, 0, 3, 2)));
    m = _mm_max_epu32(m, _mm_shuffle_epi32(m, _MM_SHUFFLE(2, 3, 0, 1)));
    return static_cast<std::uint32_t>(_mm_cvtsi128_si32(m));
}

/// Rounds 8 scaled values to int32 in -127..127.
inline __m256i round_to_q(__m256 scaled) noexcept {
    const __m256 rounded = _mm256_round_ps(scaled, _MM_FROUND_CUR_DIRECTION | _MM_FROUND_NO_EXC);
    return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(rounded, _mm256_set1_ps(-127)), _mm256_set1_ps(127)));
}

/// One block, group after group.
template <std::size_t N>
inline void quantize_block(const float* x, token_block<N>& out) noexcept {
    constexpr std::size_t groups = N / quant::sub_size;
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    std::uint32_t group_max[groups], block_max = 0;
    for (std::size_t i = 0; i < groups; ++i) {
        const __m256i a = _mm256_and_si256(avx2::load(x + 16 * i), magnitude);
        const __m256i b = _mm256_and_si256(avx2::load(x + 16 * i + 8), magnitude);
        group_max[i] = largest_lane(_mm256_max_epu32(a, b));
        block_max = group_max[i] > block_max ? group_max[i] : block_max;
    }
    const float largest = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(static_cast<int>(block_max))));
    if (block_max >= 0x7f800000u || largest < quant::zero_block) {
        quantize_plainly<N>(x, out);
        return;
    }
    out.d = largest / 1016.0f;
    const float unit = out.d * 127.0f;
    for (std::size_t i = 0; i < groups; ++i) {
        const float group = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(static_cast<int>(group_max[i]))));
        const __m128 ratio = _mm_ceil_ss(_mm_setzero_ps(), _mm_set_ss(group / unit));
        const int k = static_cast<int>(_mm_cvtss_f32(_mm_min_ss(_mm_max_ss(ratio, _mm_set_ss(1)), _mm_set_ss(8))));
        const __m256 inverse = _mm256_set1_ps(1.0f / (out.d * static_cast<float>(k)));
        const __m256i a = round_to_q(_mm256_mul_ps(_mm256_loadu_ps(x + 16 * i), inverse));
        const __m256i b = round_to_q(_mm256_mul_ps(_mm256_loadu_ps(x + 16 * i + 8), inverse));
        const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), _MM_SHUFFLE(3, 1, 2, 0));
        const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out.q + 16 * i), bytes);
        const __m256i ones = _mm256_madd_epi16(words, _mm256_set1_epi16(1));
        const __m256i none = _mm256_setzero_si256();
        const int sum = _mm_cvtsi128_si32(avx2::transpose_add4(ones, none, none, none));
        out.k[out.slot(i)] = static_cast<std::int16_t>(k);
        out.sum[out.slot(i)] = static_cast<std::int16_t>(k * sum);
    }
    for (std::size_t j = 0; j < groups / 2; ++j)
        out.sum32[j] = static_cast<std::int16_t>(out.sum[out.slot(2 * j)] + out.sum[out.slot(2 * j + 1)]);
}

/// The largest lane of each of eight vectors, in order.
inline __m256i transpose_max8(const __m256i (&v)[8]) noexcept {
    __m256i pairs[4], fours[2];
    NIBBLE_UNROLL
    for (int i = 0; i < 4; ++i)
        pairs[i] = _mm256_max_epu32(_mm256_unpacklo_epi32(v[2 * i], v[2 * i + 1]),
                                    _mm256_unpackhi_epi32(v[2 * i], v[2 * i + 1]));
    NIBBLE_UNROLL
    for (int i = 0; i < 2; ++i)
        fours[i] = _mm256_max_epu32(_mm256_unpacklo_epi64(pairs[2 * i], pairs[2 * i + 1]),
                                    _mm256_unpackhi_epi64(pairs[2 * i], pairs[2 * i + 1]));
    return _mm256_max_epu32(_mm256_permute2x128_si256(fours[0], fours[1], 0x20),
                            _mm256_permute2x128_si256(fours[0], fours[1], 0x31));
}

/// Sub-scales of eight groups whose largest magnitudes are `largest`, as floats.
inline __m256 sub_scales(__m256 largest, __m256 unit) noexcept {
    const __m256 k = _mm256_ceil_ps(_mm256_div_ps(largest, unit));
    return _mm256_min_ps(_mm256_max_ps(k, _mm256_set1_ps(1)), _mm256_set1_ps(8));
}

/// The even groups' numbers, eight words, and the odd groups', as pairs in the order of the groups.
inline void store_pairs(void* to, __m256i evens_then_odds) noexcept {
    const __m128i even = _mm256_castsi256_si128(evens_then_odds), odd = _mm256_extracti128_si256(evens_then_odds, 1);
    _mm_storeu_si128(static_cast<__m128i*>(to), _mm_unpacklo_epi16(even, odd));
    _mm_storeu_si128(static_cast<__m128i*>(to) + 1, _mm_unpackhi_epi16(even, odd));
}

/// Whether a block can be quantised eight groups at a time: its largest magnitude is finite and makes it no zero block.
inline bool all_ordinary(__m256i block_max) noexcept {
    const __m256i least = _mm256_castps_si256(_mm256_set1_ps(quant::zero_block));
    const __m256i bad = _mm256_or_si256(_mm256_cmpgt_epi32(block_max, _mm256_set1_epi32(0x7f7fffff)),
                                        _mm256_cmpgt_epi32(least, block_max));
    return _mm256_testz_si256(bad, bad);
}

/// 256 values, one block or eight of 32: maxima, sub-scales and sums of eight groups at a time, in the order of
/// token_block. 0.5 cycles a value instead of 2 with the groups one by one.
template <std::size_t N>
inline void quantize_256(const float* x, token_block<N>* out) noexcept {
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    __m256i group_max[2][8];  // of the groups 0, 2, .. 14 and of 1, 3, .. 15
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < 16; ++i)
        group_max[i % 2][i / 2] = _mm256_max_epu32(_mm256_and_si256(avx2::load(x + 16 * i), magnitude),
                                                   _mm256_and_si256(avx2::load(x + 16 * i + 8), magnitude));
    const __m256i even_max = transpose_max8(group_max[0]), odd_max = transpose_max8(group_max[1]);
    __m256i block_max = _mm256_max_epu32(even_max, odd_max);
    if constexpr (N == 256) block_max = _mm256_set1_epi32(static_cast<int>(largest_lane(block_max)));
    if (!all_ordinary(block_max)) {
        for (std::size_t b = 0; b < 256 / N; ++b) quantize_plainly<N>(x + b * N, out[b]);
        return;
    }
    const __m256 d = _mm256_div_ps(_mm256_castsi256_ps(block_max), _mm256_set1_ps(1016.0f));
    const __m256 unit = _mm256_mul_ps(d, _mm256_set1_ps(127.0f)), one = _mm256_set1_ps(1);
    const __m256 even_k = sub_scales(_mm256_castsi256_ps(even_max), unit);
    const __m256 odd_k = sub_scales(_mm256_castsi256_ps(odd_max), unit);
    alignas(32) float even_inverse[8], odd_inverse[8], scale[8];
    _mm256_store_ps(even_inverse, _mm256_div_ps(one, _mm256_mul_ps(d, even_k)));
    _mm256_store_ps(odd_inverse, _mm256_div_ps(one, _mm256_mul_ps(d, odd_k)));
    _mm256_store_ps(scale, d);

    __m256i sums[8];  // 32-bit lanes of sub-block j: the low half adds up to group 2j, the high half to group 2j + 1
    NIBBLE_UNROLL
    for (std::size_t j = 0; j < 8; ++j) {
        const __m256 even = _mm256_set1_ps(even_inverse[j]), odd = _mm256_set1_ps(odd_inverse[j]);
        const __m256i a = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 32 * j), even));
        const __m256i b = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 32 * j + 8), even));
        const __m256i c = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 32 * j + 16), odd));
        const __m256i e = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 32 * j + 24), odd));
        // |x * inverse| < 127.5: k is at least largest / unit, up to the rounding of three operations
        const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, e));
        const __m256i q = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        avx2::store(out[32 * j / N].q + 32 * j % N, q);
        sums[j] = _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), q), _mm256_set1_epi16(1));
    }
    const __m256i low = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
    const __m256i high = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[4], sums[5]), _mm256_hadd_epi32(sums[6], sums[7]));
    const __m256i k = _mm256_permute4x64_epi64(
        _mm256_packs_epi32(_mm256_cvtps_epi32(even_k), _mm256_cvtps_epi32(odd_k)), _MM_SHUFFLE(3, 1, 2, 0));
    const __m256i sum = _mm256_mullo_epi16(k, _mm256_packs_epi32(low, high));
    const __m128i sum32 = _mm_add_epi16(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    if constexpr (N == 256) {
        avx2::store(out->k, k);
        avx2::store(out->sum, sum);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out->sum32), sum32);
        out->d = scale[0];
    } else {
        std::int16_t ks[8][2], group_sums[8][2], sums32[8];
        store_pairs(ks, k);
        store_pairs(group_sums, sum);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(sums32), sum32);
        for (std::size_t b = 0; b < 8; ++b) {
            std::memcpy(out[b].k, ks[b], sizeof ks[b]);
            std::memcpy(out[b].sum, group_sums[b], sizeof group_sums[b]);
            out[b].sum32[0] = sums32[b];
            out[b].d = scale[b];
        }
    }
}

template <>
inline void quantize_block<256>(const float* x, token_block<256>& out) noexcept {
    quantize_256<256>(x, &out);
}

/// quantize_row_function.
template <std::size_t N>
inline void quantize_row(const float* x, std::size_t depth, void* out) noexcept {
    auto* blocks = static_cast<token_block<N>*>(out);
    std::size_t b = 0;
    for (; (b + 256 / N) * N <= depth; b += 256 / N) quantize_256<N>(x + b * N, blocks + b);
    for (; b < depth / N; ++b) quantize_block<N>(x + b * N, blocks[b]);
}

}  // namespace kernels::activations_avx2
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
