// SPDX-License-Identifier: Apache-2.0
// The packed forms of the AVX2 and AVX-512 micro-kernels: activations with tokens in lanes, weight blocks as bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/kernels/activations/token_block.hpp>
#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// In which order the 32 values of a sub-block lie in the steps of four bytes that a kernel multiplies at once.
enum class step_order {
    /// Step s: values 2s, 2s+1 of the first 16 and 2s, 2s+1 of the second. For multiply-adds that leave two int16 lanes
    /// a token (vpmaddubsw): after eight steps the low lane has the sum of the first 16, the high lane that of the
    /// second, and one vpmaddwd with (scale0 * k0, scale1 * k1) applies both sub-scales and widens.
    halves,
    /// Step s: values 4s .. 4s+3. For multiply-adds that leave one int32 lane a token (vpdpbusd): four steps are 16
    /// values. Sums that fit 16 bits meet (scale * k, 0) in vpdpwssd, which applies the sub-scale and accumulates.
    sequential,
};

/// One block of N activations of `Lanes` tokens, as a micro-kernel eats it: a vector holds the same bytes of all.
template <std::size_t N, std::size_t Lanes, step_order Order>
struct alignas(4 * Lanes) lane_tokens {
    static constexpr std::size_t n_subs = N / 32;
    /// Vectors of sub-scales a sub-block: (k0, k1), or (k0, 0) and (k1, 0).
    static constexpr std::size_t k_vectors = Order == step_order::halves ? 1 : 2;

    std::int8_t q[n_subs][8][Lanes][4];
    std::int16_t k[n_subs][k_vectors][Lanes][2];
    std::int16_t sum[n_subs][Lanes][2];              // k-weighted sums of the two groups of 16
    std::int16_t sum32[(n_subs + 1) / 2][Lanes][2];  // sums of 32: of two neighbouring sub-blocks
    float d[Lanes];

    /// What the mins of a block are multiplied with, two to a vector: the sums of the values that share one.
    [[nodiscard]] const std::int16_t (*sums_of_mins(std::size_t n_mins) const noexcept)[Lanes][2] {
        return n_mins == N / quant::sub_size ? sum : sum32;
    }

    /// Puts all of one token's block but the values into `lane`.
    void set_scales(std::size_t lane, const activations_avx2::token_block<N>& block) noexcept {
        for (std::size_t j = 0; j < n_subs; ++j) {
            for (std::size_t half = 0; half < 2; ++half) {
                const std::size_t slot = block.slot(2 * j + half);
                if constexpr (Order == step_order::halves) {
                    k[j][0][lane][half] = block.k[slot];
                } else {
                    k[j][half][lane][0] = block.k[slot];
                    k[j][half][lane][1] = 0;
                }
                sum[j][lane][half] = block.sum[slot];
            }
            sum32[j / 2][lane][j % 2] = block.sum32[j];
        }
        d[lane] = block.d;
    }
};

/// What a micro-kernel has to know of a format whose codes are packed: formats that agree in it share the code.
template <std::size_t BlockSize, int QMax, std::size_t Planes, int Offset, bool HasScales, std::size_t Mins>
struct code_shape {
    static constexpr std::size_t block_size = BlockSize, n_planes = Planes, n_mins = Mins;
    static constexpr int q_max = QMax, offset = Offset;
    static constexpr bool has_scales = HasScales, has_min = n_mins > 0;
};

/// Number of byte planes that the codes of a format F take. Sums of int16 stay exact while codes are at most 63; for
/// `halves` 8-bit codes are split into two nibbles, each a plane of its own with the scales 16 and 1.
template <quant::block_format F, step_order Order>
inline constexpr std::size_t code_planes = F::q_max > 63 && Order == step_order::halves ? 2 : 1;

/// That of F, with the next larger of the q_max that make a difference.
template <quant::block_format F, step_order Order>
using shape_of = code_shape<F::block_size,
                            F::q_max <= 15   ? 15
                            : F::q_max <= 31 ? 31
                            : F::q_max <= 63 ? 63
                                             : 255,
                            code_planes<F, Order>, F::offset, F::has_scales, quant::n_mins<F>>;

/// How many steps of four bytes a lane can take before it must be widened: of the products in a 16-bit lane each is at
/// most q_max * 127, and two (`halves`) or four (`sequential`) come with a step.
/// 16 * 15 * 127 = 30,480; 8 * 31 * 127 = 31,496; 4 * 63 * 127 = 32,004.
template <class F, step_order Order>
inline constexpr int steps_per_widening = (F::n_planes == 2 || F::q_max <= 15 ? 16
                                           : F::q_max <= 31                   ? 8
                                                                              : 4) /
                                          (Order == step_order::halves ? 2 : 4);

/// One weight block of one row, of a code_shape: codes as bytes in the order of the activations, scales and mins as
/// int16.
template <class F>
struct row_codes {
    static constexpr std::size_t n_subs = F::block_size / 32;

    std::uint8_t q[n_subs][F::n_planes][8][4];
    std::int16_t scale[n_subs][2];
    std::int16_t min[F::has_min ? F::n_mins : 1];
    float d, m;
};

/// One block of each of the `Rows` rows that a tile takes.
template <class F, std::size_t Rows>
struct row_group_codes {
    row_codes<F> rows[Rows];
};

}  // namespace kernels
NIBBLE_NAMESPACE_END
