// SPDX-License-Identifier: Apache-2.0
// Activations for the NEON kernels: int8 with the sub-scales beside them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include <nibble/quant/activation.hpp>
#include <nibble/simd/region.hpp>

#if NIBBLE_AARCH64

NIBBLE_NAMESPACE_BEGIN
namespace kernels::activations_neon {

/// One block of a token: a quant::activation_block, aligned, with the sums of 32 values beside those of 16.
template <std::size_t N>
struct alignas(16) token_block {
    static constexpr std::size_t groups = N / quant::sub_size;

    std::int8_t q[N];
    std::int16_t k[groups];
    std::int16_t sum[groups];
    std::int16_t sum32[groups / 2];
    float d;
};

/// The first `Count` lanes, four or two.
template <std::size_t Count>
NIBBLE_INLINE void store_lanes(std::int16_t* to, int16x4_t v) noexcept {
    std::int16_t lanes[4];
    vst1_s16(lanes, v);
    std::memcpy(to, lanes, Count * sizeof *to);
}

/// The largest magnitudes of the groups of 16 behind x, as bits: those of NaN are above all. Two groups: both twice.
template <std::size_t Groups>
NIBBLE_INLINE uint32x4_t largest_of_groups(const float* x) noexcept {
    uint32x4_t top[4];
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < 4; ++i) {
        const float* group = x + i % Groups * 16;
        uint32x4_t magnitude[4];
        NIBBLE_UNROLL
        for (std::size_t v = 0; v < 4; ++v) magnitude[v] = vreinterpretq_u32_f32(vabsq_f32(vld1q_f32(group + 4 * v)));
        top[i] = vmaxq_u32(vmaxq_u32(magnitude[0], magnitude[1]), vmaxq_u32(magnitude[2], magnitude[3]));
    }
    return vpmaxq_u32(vpmaxq_u32(top[0], top[1]), vpmaxq_u32(top[2], top[3]));
}

/// 16 values times `inverse`, rounded. Nothing is clamped to 127: k is at least largest / (127 d), up to the rounding
/// of three operations, so that |x / (k d)| < 127.5.
NIBBLE_INLINE int8x16_t round_to_bytes(const float* x, float inverse) noexcept {
    int16x4_t words[4];
    NIBBLE_UNROLL
    for (std::size_t v = 0; v < 4; ++v)
        words[v] = vmovn_s32(vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + 4 * v), inverse)));
    return vcombine_s8(vmovn_s16(vcombine_s16(words[0], words[1])), vmovn_s16(vcombine_s16(words[2], words[3])));
}

/// The numbers of quant::quantize_block, four groups at a time or both of them.
template <std::size_t N>
inline void quantize_block(const float* x, token_block<N>& out) noexcept {
    constexpr std::size_t at_once = N == 32 ? 2 : 4, n_parts = N / 16 / at_once;
    uint32x4_t group_max[n_parts], top = vdupq_n_u32(0);
    NIBBLE_UNROLL
    for (std::size_t p = 0; p < n_parts; ++p) {
        group_max[p] = largest_of_groups<at_once>(x + 16 * at_once * p);
        top = vmaxq_u32(top, group_max[p]);
    }
    const std::uint32_t block_max = vmaxvq_u32(top);
    const float largest = std::bit_cast<float>(block_max);
    const bool finite = block_max < 0x7f800000u;
    if (!finite || largest < quant::zero_block) {
        out = {};
        out.d = finite ? 0.0f : std::numeric_limits<float>::quiet_NaN();
        return;
    }
    out.d = largest / 1016.0f;
    const float32x4_t unit = vdupq_n_f32(out.d * 127.0f), one = vdupq_n_f32(1);
    NIBBLE_UNROLL
    for (std::size_t p = 0; p < n_parts; ++p) {
        const float32x4_t ratio = vrndpq_f32(vdivq_f32(vreinterpretq_f32_u32(group_max[p]), unit));
        const float32x4_t k = vminq_f32(vmaxq_f32(ratio, one), vdupq_n_f32(8));
        float inverse[4];
        vst1q_f32(inverse, vdivq_f32(one, vmulq_n_f32(k, out.d)));
        int16x8_t sums[4];
        NIBBLE_UNROLL
        for (std::size_t i = 0; i < 4; ++i) {
            const std::size_t at = 16 * (at_once * p + i % at_once);
            const int8x16_t q = round_to_bytes(x + at, inverse[i]);
            vst1q_s8(out.q + at, q);
            sums[i] = vpaddlq_s8(q);
        }
        const int16x8_t fours = vpaddq_s16(vpaddq_s16(sums[0], sums[1]), vpaddq_s16(sums[2], sums[3]));
        const int16x4_t words = vmovn_s32(vcvtq_s32_f32(k));
        const int16x4_t sum = vmul_s16(words, vget_low_s16(vpaddq_s16(fours, fours)));
        store_lanes<at_once>(out.k + at_once * p, words);
        store_lanes<at_once>(out.sum + at_once * p, sum);
        store_lanes<at_once / 2>(out.sum32 + at_once / 2 * p, vpadd_s16(sum, sum));
    }
}

/// quantize_row_function.
template <std::size_t N>
inline void quantize_row(const float* x, std::size_t depth, void* out) noexcept {
    auto* blocks = static_cast<token_block<N>*>(out);
    for (std::size_t b = 0; b < depth / N; ++b) quantize_block<N>(x + b * N, blocks[b]);
}

}  // namespace kernels::activations_neon
NIBBLE_NAMESPACE_END

#endif
