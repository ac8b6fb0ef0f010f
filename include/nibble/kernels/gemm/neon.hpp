// SPDX-License-Identifier: Apache-2.0
// Many tokens, NEON: the micro-kernel of four rows and four tokens, for processors with dotprod and for those with
// i8mm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <nibble/kernels/gemm/pack_neon.hpp>
#include <nibble/simd/neon.hpp>

#if NIBBLE_AARCH64

NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemm_neon {

//   A tile, four vectors of sums; a vector has four (row, token) pairs. 32 values of all rows and tokens are eight
//   vectors of weights and eight of activations:
//
//     dotprod, sum r:        row r           w: 16 codes of a row                  32 sdot
//                            x tokens 0..3   x: 4 values of each of four tokens
//     i8mm, sum 2 p + h:     rows 2p, 2p+1   w: 8 codes of each of two rows        16 smmla
//                            x tokens 2h, 2h+1   x: 8 values of each of two tokens
//
//   Sub-scales of the activations differ every 16 values, those of the weights every 16 or 32. The sums after the first
//   16 values, a, run on to b after all 32, and k0 a + k1 (b - a) = (k0 - k1) a + k1 b: one vector less to set to zero.

/// What dotprod and i8mm differ in: the order of values in packed forms, of pairs in sums.
struct dotprod {
    static constexpr std::size_t token_piece = 4, row_piece = 16;
    static constexpr std::size_t k_vectors = 1, scale_vectors = 1;  ///< a lane for each token; a lane for each row

    /// Adds half `Half` of a sub-block.
    template <int Half>
    NIBBLE_INLINE static void multiply(const std::int8_t* w, const std::int8_t* x, int32x4_t (&sums)[4]) noexcept {
        int8x16_t codes[4];
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < 4; ++r) codes[r] = vld1q_s8(w + 32 * r + 16 * Half);
        add_step<0>(codes, vld1q_s8(x + 64 * Half), sums);
        add_step<1>(codes, vld1q_s8(x + 64 * Half + 16), sums);
        add_step<2>(codes, vld1q_s8(x + 64 * Half + 32), sums);
        add_step<3>(codes, vld1q_s8(x + 64 * Half + 48), sums);
    }
    template <int I>
    NIBBLE_INLINE static int32x4_t k_of(const int32x4_t (&k)[k_vectors]) noexcept {
        return k[0];
    }
    /// Adds to sum I `u` times the scales of its rows.
    template <int I>
    NIBBLE_INLINE static int32x4_t add_scaled(int32x4_t sum, int32x4_t u, const std::int32_t* scales) noexcept {
        return vmlaq_laneq_s32(sum, u, vld1q_s32(scales), I);
    }
    /// The sums of row I and the four tokens.
    template <int I>
    NIBBLE_INLINE static int32x4_t row_of(const int32x4_t (&sums)[4]) noexcept {
        return sums[I];
    }
    static void spread(const std::int16_t* scales, std::int32_t* to) noexcept {
        vst1q_s32(to, vmovl_s16(vld1_s16(scales)));
    }

private:
    template <int Lane>
    NIBBLE_INLINE static void add_step(const int8x16_t (&codes)[4], int8x16_t x, int32x4_t (&sums)[4]) noexcept {
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < 4; ++r) sums[r] = neon::dotprod::add_lane<Lane>(sums[r], x, codes[r]);
    }
};

struct i8mm {
    static constexpr std::size_t token_piece = 8, row_piece = 8;
    static constexpr std::size_t k_vectors = 2, scale_vectors = 2;  ///< twice two tokens; two rows, each twice

    template <int Half>
    NIBBLE_INLINE static void multiply(const std::int8_t* w, const std::int8_t* x, int32x4_t (&sums)[4]) noexcept {
        NIBBLE_UNROLL
        for (std::size_t step = 0; step < 2; ++step) {
            const std::size_t at = 32 * Half + 16 * step;
            const int8x16_t low = vld1q_s8(w + at), high = vld1q_s8(w + 64 + at);
            const int8x16_t first = vld1q_s8(x + at), second = vld1q_s8(x + 64 + at);
            sums[0] = neon::add_matrix(sums[0], low, first);
            sums[1] = neon::add_matrix(sums[1], low, second);
            sums[2] = neon::add_matrix(sums[2], high, first);
            sums[3] = neon::add_matrix(sums[3], high, second);
        }
    }
    template <int I>
    NIBBLE_INLINE static int32x4_t k_of(const int32x4_t (&k)[k_vectors]) noexcept {
        return k[I % 2];
    }
    template <int I>
    NIBBLE_INLINE static int32x4_t add_scaled(int32x4_t sum, int32x4_t u, const std::int32_t* scales) noexcept {
        return vmlaq_s32(sum, u, vld1q_s32(scales + I / 2 * 4));
    }
    template <int I>
    NIBBLE_INLINE static int32x4_t row_of(const int32x4_t (&sums)[4]) noexcept {
        const int64x2_t a = vreinterpretq_s64_s32(sums[I / 2 * 2]), b = vreinterpretq_s64_s32(sums[I / 2 * 2 + 1]);
        return vreinterpretq_s32_s64(I % 2 == 0 ? vzip1q_s64(a, b) : vzip2q_s64(a, b));
    }
    static void spread(const std::int16_t* scales, std::int32_t* to) noexcept {
        const int32x4_t rows = vmovl_s16(vld1_s16(scales));
        vst1q_s32(to, vzip1q_s32(rows, rows));
        vst1q_s32(to + 4, vzip2q_s32(rows, rows));
    }
};

/// Adds sub-block j to `sums`.
template <class Way, std::size_t Grain, class Rows, class Tokens, int... I>
NIBBLE_INLINE void add_sub_block(const Rows& w, const Tokens& x, std::size_t j, int32x4_t (&sums)[4],
                                 std::integer_sequence<int, I...>) noexcept {
    const int32x4_t zero = vdupq_n_s32(0);
    int32x4_t k0[Way::k_vectors], k1[Way::k_vectors];
    NIBBLE_UNROLL
    for (std::size_t v = 0; v < Way::k_vectors; ++v) {
        k0[v] = vld1q_s32(x.k[j][0][v]);
        k1[v] = vld1q_s32(x.k[j][1][v]);
        if constexpr (Grain != 16) k0[v] = vsubq_s32(k0[v], k1[v]);
    }
    int32x4_t t[4] = {zero, zero, zero, zero};
    Way::template multiply<0>(w.w[j], x.q[j], t);
    if constexpr (Grain == 16) {
        ((sums[I] = Way::template add_scaled<I>(sums[I], vmulq_s32(t[I], Way::template k_of<I>(k0)), w.scale[2 * j])),
         ...);
        int32x4_t next[4] = {zero, zero, zero, zero};
        Way::template multiply<1>(w.w[j], x.q[j], next);
        ((sums[I] =
              Way::template add_scaled<I>(sums[I], vmulq_s32(next[I], Way::template k_of<I>(k1)), w.scale[2 * j + 1])),
         ...);
    } else {
        int32x4_t u[4] = {vmulq_s32(t[I], Way::template k_of<I>(k0))...};
        Way::template multiply<1>(w.w[j], x.q[j], t);
        ((u[I] = vmlaq_s32(u[I], t[I], Way::template k_of<I>(k1))), ...);
        if constexpr (Grain == 32)
            ((sums[I] = Way::template add_scaled<I>(sums[I], u[I], w.scale[j])), ...);
        else
            ((sums[I] = vaddq_s32(sums[I], u[I])), ...);
    }
}

/// On with the chains of row R at `to`.
template <int R, bool HasMin, class Rows, class Tokens>
NIBBLE_INLINE void add_to_chains(const Rows& w, const Tokens& x, int32x4_t s, float* to) noexcept {
    const float32x4_t d_x = vld1q_f32(x.d);
    float32x4_t chain = vfmaq_f32(vld1q_f32(to), vmulq_laneq_f32(d_x, vld1q_f32(w.d), R), vcvtq_f32_s32(s));
    if constexpr (HasMin) {
        int32x4_t m = vdupq_n_s32(0);
        if constexpr (Rows::n_mins > 0) {
            const auto* sums = Rows::n_mins == Rows::n_subs ? x.sum32 : x.sum;
            NIBBLE_UNROLL
            for (std::size_t j = 0; j < Rows::n_mins; ++j)
                m = vmlal_lane_s16(m, vld1_s16(sums[j]), vld1_s16(w.min[j]), R);
        } else {
            m = vmovl_s16(vld1_s16(x.sum32[0]));
        }
        chain = vfmaq_f32(chain, vmulq_laneq_f32(d_x, vld1q_f32(w.m), R), vcvtq_f32_s32(m));
    }
    vst1q_f32(to, chain);
}

/// One block of four rows with four tokens: on with their chains, to[row][token].
template <std::size_t N, std::size_t Grain, bool HasMin, class Way, int... I>
NIBBLE_INLINE void add_block(const packed_rows<N, Grain, HasMin, Way>& w, const packed_tokens<N, Way>& x, float* to,
                             std::integer_sequence<int, I...> rows) noexcept {
    const int32x4_t zero = vdupq_n_s32(0);
    int32x4_t sums[4] = {zero, zero, zero, zero};
    NIBBLE_ROLLED
    for (std::size_t j = 0; j < N / 32; ++j) add_sub_block<Way, Grain>(w, x, j, sums, rows);
    (add_to_chains<I, HasMin>(w, x, Way::template row_of<I>(sums), to + I * token_group), ...);
}

template <class Rows, class Tokens>
NIBBLE_INLINE void multiply_tile(const Rows* weights, const Tokens* tokens, std::size_t tokens_stride,
                                 std::size_t n_groups, std::size_t n_blocks, float* sums,
                                 std::size_t sums_stride) noexcept {
    for (std::size_t g = 0; g < n_groups; ++g) {
        NIBBLE_ROLLED
        for (std::size_t b = 0; b < n_blocks; ++b)
            add_block(weights[b], tokens[g * tokens_stride + b], sums + g * sums_stride,
                      std::make_integer_sequence<int, 4>{});
    }
}

}  // namespace kernels::gemm_neon
NIBBLE_NAMESPACE_END

NIBBLE_REGION_BEGIN_NEON_DOTPROD
NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemm_neon_dotprod {

template <class Rows, class Tokens>
inline void multiply(const Rows* weights, const Tokens* tokens, std::size_t tokens_stride, std::size_t n_groups,
                     std::size_t n_blocks, float* sums, std::size_t sums_stride) noexcept {
    gemm_neon::multiply_tile(weights, tokens, tokens_stride, n_groups, n_blocks, sums, sums_stride);
}

/// See gemm_kernel in gemm/micro_kernel.hpp.
struct micro_kernel : gemm_neon::packing<gemm_neon::dotprod> {
    template <class F>
    static void tile(const packed_weights<F>* weights, const packed_tokens<F::block_size>* tokens,
                     std::size_t tokens_stride, std::size_t n_groups, std::size_t n_blocks, float* sums,
                     std::size_t sums_stride) noexcept {
        multiply(weights, tokens, tokens_stride, n_groups, n_blocks, sums, sums_stride);
    }
};

}  // namespace kernels::gemm_neon_dotprod
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

NIBBLE_REGION_BEGIN_NEON_I8MM
NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemm_neon_i8mm {

template <class Rows, class Tokens>
inline void multiply(const Rows* weights, const Tokens* tokens, std::size_t tokens_stride, std::size_t n_groups,
                     std::size_t n_blocks, float* sums, std::size_t sums_stride) noexcept {
    gemm_neon::multiply_tile(weights, tokens, tokens_stride, n_groups, n_blocks, sums, sums_stride);
}

/// See gemm_kernel in gemm/micro_kernel.hpp.
struct micro_kernel : gemm_neon::packing<gemm_neon::i8mm> {
    template <class F>
    static void tile(const packed_weights<F>* weights, const packed_tokens<F::block_size>* tokens,
                     std::size_t tokens_stride, std::size_t n_groups, std::size_t n_blocks, float* sums,
                     std::size_t sums_stride) noexcept {
        multiply(weights, tokens, tokens_stride, n_groups, n_blocks, sums, sums_stride);
    }
};

}  // namespace kernels::gemm_neon_i8mm
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
