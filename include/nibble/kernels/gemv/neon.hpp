// SPDX-License-Identifier: Apache-2.0
// Few tokens, NEON: the loops of gemv/portable.hpp with products of bytes; once for each way to multiply them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <nibble/kernels/activations/neon.hpp>
#include <nibble/kernels/gemv/portable.hpp>
#include <nibble/simd/neon.hpp>

#if NIBBLE_AARCH64

NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemv_neon {

using portable::i16x8;
using portable::i32x4;

//   64 values of a block of 256, four groups of 16:
//
//     codes          | 16 bytes | 16 bytes | 16 bytes | 16 bytes |
//     q              | 16 bytes | 16 bytes | 16 bytes | 16 bytes |   products: four lanes each, whose sum is the
//     group's vpaddq twice   | group 0    group 1    group 2    group 3  |   int32 vmull_s16      | scale * k  scale *
//     k  scale * k  scale * k|   one instruction for four sub-scales vmlaq          s += the one times the other

/// The step of gemv_portable::multiply_rows with Dot, a way to multiply bytes (simd/neon.hpp).
template <class Dot>
struct step {
    template <std::size_t N>
    using token_block = activations_neon::token_block<N>;

    /// Codes that are more than 127 lose their offset at once, the others as a whole.
    template <class F>
    static constexpr bool signed_codes = F::q_max > 127;
    template <class F>
    static constexpr int offset_left = F::block_size == 256 || signed_codes<F> ? 0 : F::offset;

    template <class F, std::size_t Tokens>
    NIBBLE_INLINE static void block_sums(const typename F::block& w,
                                         const token_block<F::block_size>* const (&x)[Tokens], i32x4* s,
                                         [[maybe_unused]] i32x4* m) noexcept {
        if constexpr (F::block_size == 256) {
            using activations_portable::times_sums;
            const quant::scale_lanes scales = scales_of<F>(w), groups = by_group<F>(scales);
            NIBBLE_UNROLL
            for (std::size_t t = 0; t < Tokens; ++t) {
                s[t] = portable::splat<std::int32_t>(0);
                if constexpr (F::offset != 0 && !signed_codes<F>) {
                    const i16x8 offset = portable::splat(static_cast<std::int16_t>(-F::offset));
                    s[t] = times_sums<16>(groups.first * offset, groups.second * offset, *x[t]);
                }
                if constexpr (F::has_min) m[t] = times_sums<F::scale_grain>(scales.mins, scales.second_mins, *x[t]);
            }
            add_groups<F>(w, groups, x, s, std::make_integer_sequence<int, F::block_size / 64>{});
        } else {
            const code_bytes codes = bytes_of<F, 0>(w);
            NIBBLE_UNROLL
            for (std::size_t t = 0; t < Tokens; ++t) {
                std::int32_t two;
                std::memcpy(&two, x[t]->k, 4);
                const int32x4_t k = vmovl_s16(vreinterpret_s16_s32(vdup_n_s32(two)));
                const int32x4_t first = vmulq_laneq_s32(Dot::products(codes.first, vld1q_s8(x[t]->q)), k, 0);
                s[t] = vmlaq_laneq_s32(first, Dot::products(codes.second, vld1q_s8(x[t]->q + 16)), k, 1);
            }
        }
    }

private:
    struct code_bytes {
        int8x16_t first, second;
    };

    /// The codes of sub-block J as signed bytes.
    template <class F, int J>
    NIBBLE_INLINE static code_bytes bytes_of(const typename F::block& w) noexcept {
        const quant::code_pair codes = quant::portable_format<F>::template codes<J>(w);
        uint8x16_t first = codes.first, second = codes.second;
        if constexpr (signed_codes<F>) {
            static_assert(F::offset == 128);
            const uint8x16_t sign = vdupq_n_u8(128);
            first = veorq_u8(first, sign);
            second = veorq_u8(second, sign);
        }
        return {vreinterpretq_s8_u8(first), vreinterpretq_s8_u8(second)};
    }

    /// Those of the block, or 1 each.
    template <class F>
    NIBBLE_INLINE static quant::scale_lanes scales_of([[maybe_unused]] const typename F::block& w) noexcept {
        const i16x8 zero = portable::splat<std::int16_t>(0), one = portable::splat<std::int16_t>(1);
        if constexpr (!F::has_scales)
            return {one, one, zero, zero};
        else
            return quant::portable_format<F>::scales(w);
    }

    /// The scales of the sixteen groups, in order.
    template <class F>
    NIBBLE_INLINE static quant::scale_lanes by_group(const quant::scale_lanes& scales) noexcept {
        if constexpr (F::has_scales) {
            if constexpr (F::scale_grain == 32) {
                const int16x8_t eight = scales.first;
                return {vzip1q_s16(eight, eight), vzip2q_s16(eight, eight), scales.mins, scales.second_mins};
            }
        }
        return scales;
    }

    template <class F, int Part, std::size_t Tokens>
    NIBBLE_INLINE static void add_four_groups(const typename F::block& w, const quant::scale_lanes& groups,
                                              const token_block<256>* const (&x)[Tokens], i32x4* s) noexcept {
        const code_bytes a = bytes_of<F, 2 * Part>(w), b = bytes_of<F, 2 * Part + 1>(w);
        const int16x8_t eight = Part < 2 ? groups.first : groups.second;
        const int16x4_t scales = Part % 2 == 0 ? vget_low_s16(eight) : vget_high_s16(eight);
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) {
            const std::int8_t* q = x[t]->q + 64 * Part;
            const int32x4_t ab =
                vpaddq_s32(Dot::products(a.first, vld1q_s8(q)), Dot::products(a.second, vld1q_s8(q + 16)));
            const int32x4_t cd =
                vpaddq_s32(Dot::products(b.first, vld1q_s8(q + 32)), Dot::products(b.second, vld1q_s8(q + 48)));
            s[t] = vmlaq_s32(s[t], vpaddq_s32(ab, cd), vmull_s16(scales, vld1_s16(x[t]->k + 4 * Part)));
        }
    }

    template <class F, std::size_t Tokens, int... Part>
    NIBBLE_INLINE static void add_groups(const typename F::block& w, const quant::scale_lanes& groups,
                                         const token_block<256>* const (&x)[Tokens], i32x4* s,
                                         std::integer_sequence<int, Part...>) noexcept {
        (add_four_groups<F, Part>(w, groups, x, s), ...);
    }
};

/// gemv_function of the block formats, as the two below.
template <class F>
inline void gemv(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth, const void* x,
                 std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    gemv_portable::multiply_rows<step<neon::widening>, F>(weights, row_bytes, n_rows, depth, x, n_tokens, out,
                                                          out_stride);
}

}  // namespace kernels::gemv_neon
NIBBLE_NAMESPACE_END

NIBBLE_REGION_BEGIN_NEON_DOTPROD
NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemv_neon_dotprod {

template <class F>
inline void gemv(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth, const void* x,
                 std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    gemv_portable::multiply_rows<gemv_neon::step<neon::dotprod>, F>(weights, row_bytes, n_rows, depth, x, n_tokens, out,
                                                                    out_stride);
}

}  // namespace kernels::gemv_neon_dotprod
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
