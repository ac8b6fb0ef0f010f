// SPDX-License-Identifier: Apache-2.0
// Many tokens, portable vectors: the micro-kernel. Weights and activations as int16 side by side along the depth.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <nibble/kernels/activations/portable.hpp>
#include <nibble/kernels/gemm/loops.hpp>
#include <nibble/kernels/gemm/scalar.hpp>
#include <nibble/quant/format_portable.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemm_portable {

using activations_portable::times_sums;

/// Four tokens are the lanes of a chain. With two rows eight accumulators, the weights and a product are in registers,
/// of sixteen.
inline constexpr std::size_t token_group = 4, row_group = 2;

/// One block of a group of tokens; d and sum of each also side by side.
template <std::size_t N>
struct packed_tokens {
    activations_portable::token_block<N> tokens[token_group];
    float d[token_group];
    std::int32_t sum[token_group];  ///< of a block of 32
};

/// One weight block of one row: everything but the float scale multiplied in, (code - offset) * scale. Formats with
/// blocks of the same length and as many mins share a form, and what multiplies it.
template <std::size_t N, std::size_t Mins>
struct alignas(16) packed_row {
    std::int16_t w[N];
    std::int16_t min[Mins > 1 ? Mins : 1];  ///< where there are several
    float d, m;
};
template <std::size_t N, std::size_t Mins>
struct packed_rows {
    packed_row<N, Mins> rows[row_group];
};

template <class F, int... J>
NIBBLE_INLINE void pack_codes(const typename F::block& block, const quant::scale_lanes* scales, std::int16_t* w,
                              std::integer_sequence<int, J...>) noexcept {
    const auto pack = [w](int j, const quant::widened_weights& weights) {
        for (int v = 0; v < 4; ++v) portable::store(w + 32 * j + 8 * v, weights.v[v]);
    };
    (pack(J, quant::widen<F, J, F::offset>(block, scales)), ...);
}

template <class F>
inline void pack_block(const typename F::block& block, packed_row<F::block_size, quant::n_mins<F>>& packed) noexcept {
    using format = quant::portable_format<F>;
    quant::scale_lanes scales{};
    if constexpr (F::has_scales) scales = format::scales(block);
    pack_codes<F>(block, &scales, packed.w, std::make_integer_sequence<int, F::block_size / 32>{});
    packed.d = quant::load_scale<F>(block.d);
    if constexpr (F::has_min) packed.m = format::m_sign * quant::load_half(format::min_half(block));
    if constexpr (F::has_min && F::has_scales) portable::store(packed.min, scales.mins);
    if constexpr (quant::n_mins<F> == 16) portable::store(packed.min + 8, scales.second_mins);
}

/// Values e .. e + 7 of a group of rows times those of a group of tokens, into the lanes of s.
template <std::size_t N, std::size_t Mins>
NIBBLE_INLINE void add_eight(const packed_rows<N, Mins>& weights, const packed_tokens<N>& x, std::size_t e,
                             portable::i32x4 (&s)[row_group][token_group]) noexcept {
    using namespace portable;
    i16x8 w[row_group];
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < row_group; ++r) w[r] = load(weights.rows[r].w + e);
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < token_group; ++t) {
        const i16x8 values = load(x.tokens[t].x + e);
        NIBBLE_UNROLL
        for (std::size_t r = 0; r < row_group; ++r) {
            s[r][t] = add_products(s[r][t], w[r], values);
            pin(s[r][t]);
        }
    }
}

/// One block of a group of rows with a group of tokens: on with their chains.
template <std::size_t N, std::size_t Mins>
inline void add_block(const packed_rows<N, Mins>& weights, const packed_tokens<N>& x, float* sums) noexcept {
    using namespace portable;
    const i32x4 zero = splat<std::int32_t>(0);
    i32x4 s[row_group][token_group];
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < row_group; ++r) {
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < token_group; ++t) s[r][t] = zero;
    }
    if constexpr (N == 32) {  // short enough to do without a loop, and without the sums with zeros
        NIBBLE_UNROLL
        for (std::size_t e = 0; e < N; e += 8) add_eight(weights, x, e, s);
    } else {
        NIBBLE_ROLLED
        for (std::size_t e = 0; e < N; e += 8) add_eight(weights, x, e, s);
    }
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < row_group; ++r) {
        const packed_row<N, Mins>& w = weights.rows[r];
        float* to = sums + r * token_group;
        f32x4 chain = fma_int(load(x.d) * splat(w.d), transpose_sum(s[r][0], s[r][1], s[r][2], s[r][3]), load(to));
        if constexpr (Mins > 0) {
            i32x4 m = load(x.sum);
            if constexpr (Mins > 1) {
                const auto minima = [&](std::size_t t) {
                    return times_sums<N / Mins>(load(w.min), load(w.min + Mins - 8), x.tokens[t]);
                };
                m = transpose_sum(minima(0), minima(1), minima(2), minima(3));
            }
            chain = fma_int(load(x.d) * splat(w.m), m, chain);
        }
        store(to, chain);
    }
}

/// See gemm_kernel in gemm/micro_kernel.hpp.
struct micro_kernel {
    static constexpr std::size_t token_group = gemm_portable::token_group, row_group = gemm_portable::row_group;
    static constexpr std::size_t groups_at_once = 2;
    template <class F>
    using packed_weights = packed_rows<F::block_size, quant::n_mins<F>>;
    template <std::size_t N>
    using packed_tokens = gemm_portable::packed_tokens<N>;

    /// pack_tokens_function.
    template <std::size_t N>
    static void pack_tokens(const float* x, std::size_t stride, std::size_t n_tokens, std::size_t depth,
                            void* out) noexcept {
        auto* packed = static_cast<packed_tokens<N>*>(out);
        for (std::size_t b = 0; b < depth / N; ++b)
            for (std::size_t t = 0; t < token_group; ++t) {
                if (t < n_tokens)
                    activations_portable::quantize_block<N>(x + t * stride + b * N, packed[b].tokens[t]);
                else
                    packed[b].tokens[t] = {};
                packed[b].d[t] = packed[b].tokens[t].d;
                packed[b].sum[t] = packed[b].tokens[t].sum32[0];
            }
    }

    template <class F>
    static void pack(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t n_blocks,
                     packed_weights<F>* packed) noexcept {
        for (std::size_t r = 0; r < row_group; ++r) {
            const auto* row = quant::blocks_of<F>(rows + std::min(r, n_rows - 1) * row_bytes);
            for (std::size_t b = 0; b < n_blocks; ++b) pack_block<F>(row[b], packed[b].rows[r]);
        }
    }

    template <class F>
    static void tile(const packed_weights<F>* weights, const packed_tokens<F::block_size>* tokens,
                     std::size_t tokens_stride, std::size_t n_groups, std::size_t n_blocks, float* sums,
                     std::size_t sums_stride) noexcept {
        for (std::size_t g = 0; g < n_groups; ++g)
            for (std::size_t b = 0; b < n_blocks; ++b)
                add_block(weights[b], tokens[g * tokens_stride + b], sums + g * sums_stride);
    }

    static void store(const float* sums, std::size_t sums_stride, std::size_t n_rows, std::size_t n_tokens, float* out,
                      std::size_t out_stride) noexcept {
        static_assert(token_group == gemm_scalar::micro_kernel::token_group);  // the chains lie as there
        gemm_scalar::micro_kernel::store(sums, sums_stride, n_rows, n_tokens, out, out_stride);
    }
};

}  // namespace kernels::gemm_portable
NIBBLE_NAMESPACE_END
