// SPDX-License-Identifier: Apache-2.0
// Q6_K for the AVX2 kernels.
#pragma once

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/q6_k/block.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct avx2_format<q6_k> {
    static constexpr int row_offset = q6_k::offset;

    template <int J>
    static __m256i codes(const q6_k::block& block) noexcept {
        constexpr int half = J / 4, k = J % 4;
        const __m256i bytes = avx2::load(block.ql + 64 * half + 32 * (k % 2));
        const __m256i nibble = k < 2 ? bytes : _mm256_srli_epi16(bytes, 4);
        const __m256i bits = avx2::load(block.qh + 32 * half);  // bits 2k, 2k+1, moved to bits 4, 5
        const __m256i moved =
            k < 2 ? _mm256_slli_epi16(bits, k < 2 ? 4 - 2 * k : 0) : _mm256_srli_epi16(bits, k < 2 ? 0 : 2 * k - 4);
        return _mm256_or_si256(_mm256_and_si256(nibble, _mm256_set1_epi8(15)),
                               _mm256_and_si256(moved, _mm256_set1_epi8(0x30)));
    }
    static __m256i multiply(__m256i codes, __m256i q) noexcept { return multiply_unsigned(codes, q); }

    static scale_pair scales(const q6_k::block& a, const q6_k::block& b) noexcept {
        return {scales(a), scales(b), _mm256_setzero_si256()};
    }

private:
    static __m256i scales(const q6_k::block& block) noexcept {
        return _mm256_cvtepi8_epi16(_mm_shuffle_epi8(avx2::load128(block.scales), evens_then_odds()));
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
