// SPDX-License-Identifier: Apache-2.0
// Few tokens, vectors of 128 bits: weight rows straight from the mapping, four (row, token) pairs a step. The loops,
// which NEON shares, and the step of the portable kernels.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <nibble/kernels/activations/portable.hpp>
#include <nibble/quant/format_portable.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemv_portable {

using portable::f32x4;
using portable::i16x8;
using portable::i32x4;

/// What the loops ask for: the form of a token's block, and S and M of quant::dot for a block of a row and each token.
struct step {
    template <std::size_t N>
    using token_block = activations_portable::token_block<N>;

    /// What is still to be taken off the codes of a block: their offset as a whole, times the sum of the activations.
    template <class F>
    static constexpr int offset_left = F::block_size == 256 ? 0 : F::offset;

    /// S and M of each token: the sums of the lanes of s[t] and m[t].
    template <class F, std::size_t Tokens>
    NIBBLE_INLINE static void block_sums(const typename F::block& w,
                                         const token_block<F::block_size>* const (&x)[Tokens], i32x4* s,
                                         [[maybe_unused]] i32x4* m) noexcept {
        using namespace portable;
        using activations_portable::times_sums;
        quant::scale_lanes scales{};
        if constexpr (F::has_scales) scales = quant::portable_format<F>::scales(w);
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) {
            s[t] = splat<std::int32_t>(0);
            if constexpr (F::block_size == 256 && F::offset != 0) {
                const i16x8 offset = splat(static_cast<std::int16_t>(-F::offset));
                if constexpr (F::has_scales)
                    s[t] = times_sums<F::scale_grain>(multiply(scales.first, offset), multiply(scales.second, offset),
                                                      *x[t]);
                else
                    s[t] = times_sums<32>(offset, offset, *x[t]);
            }
            if constexpr (F::has_scales && F::has_min)
                m[t] = times_sums<F::scale_grain>(scales.mins, scales.second_mins, *x[t]);
        }
        add_sub_blocks<F>(w, scales, x, s, std::make_integer_sequence<int, F::block_size / 32>{});
    }

private:
    template <class F, int J, std::size_t Tokens>
    NIBBLE_INLINE static void add_sub_block(const typename F::block& w, const quant::scale_lanes& scales,
                                            const token_block<F::block_size>* const (&x)[Tokens], i32x4* s) noexcept {
        const quant::widened_weights weights = quant::widen<F, J, 0>(w, &scales);
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) {
            NIBBLE_UNROLL
            for (std::size_t v = 0; v < 4; ++v)
                s[t] = portable::add_products(s[t], weights.v[v], portable::load(x[t]->x + 32 * J + 8 * v));
        }
    }

    template <class F, std::size_t Tokens, int... J>
    NIBBLE_INLINE static void add_sub_blocks(const typename F::block& w, const quant::scale_lanes& scales,
                                             const token_block<F::block_size>* const (&x)[Tokens], i32x4* s,
                                             std::integer_sequence<int, J...>) noexcept {
        (add_sub_block<F, J>(w, scales, x, s), ...);
    }
};

/// The halves at four places as floats.
NIBBLE_INLINE f32x4 load_halves(const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* c,
                                const std::uint8_t* d) noexcept {
    const auto bits = [](const std::uint8_t* p) { return static_cast<std::int32_t>(p[0] | p[1] << 8); };
    return portable::half_to_float(portable::from_lanes(bits(a), bits(b), bits(c), bits(d)));
}

/// The scales d of four blocks, as quant::load_scale reads them.
template <class F>
NIBBLE_INLINE f32x4 load_scales(const typename F::block* const (&w)[4]) noexcept {
    if constexpr (F::floats.exponent_mask == quant::scale_exponent)
        return quant::powers_of_two(portable::from_lanes(w[0]->d[0], w[1]->d[0], w[2]->d[0], w[3]->d[0]));
    else
        return load_halves(w[0]->d, w[1]->d, w[2]->d, w[3]->d);
}

/// One block of four pairs, w[i] with x[i]: on with their chains, whose integers are the sums of the lanes of s[i] and
/// m[i].
template <class Step, class F>
NIBBLE_INLINE f32x4 add_block(f32x4 chain, const typename F::block* const (&w)[4],
                              const typename Step::template token_block<F::block_size>* const (&x)[4],
                              const i32x4 (&s)[4], [[maybe_unused]] const i32x4 (&m)[4]) noexcept {
    using namespace portable;
    using format = quant::portable_format<F>;
    const f32x4 d_x = from_lanes(x[0]->d, x[1]->d, x[2]->d, x[3]->d);
    const i32x4 sums = from_lanes(x[0]->sum32[0], x[1]->sum32[0], x[2]->sum32[0], x[3]->sum32[0]);
    i32x4 total = transpose_sum(s[0], s[1], s[2], s[3]);
    if constexpr (constexpr int offset = Step::template offset_left<F>; offset != 0) {
        static_assert(std::has_single_bit(unsigned{offset}));
        total = total - shift_left<std::countr_zero(unsigned{offset})>(sums);
    }
    const f32x4 d = load_scales<F>(w);
    chain = fma_int(d_x * d, total, chain);
    if constexpr (F::has_min) {
        const f32x4 min = load_halves(format::min_half(*w[0]), format::min_half(*w[1]), format::min_half(*w[2]),
                                      format::min_half(*w[3]));
        const i32x4 minima = F::has_scales ? transpose_sum(m[0], m[1], m[2], m[3]) : sums;
        chain = fma_int(d_x * (splat(format::m_sign) * min), minima, chain);
    }
    return chain;
}

/// Up to 4 / Tokens rows, `row_bytes` apart, times Tokens tokens: lane i is the chain of row i / Tokens and token
/// i % Tokens. The last row stands in for those that are missing.
template <class Step, class F, std::size_t Tokens>
NIBBLE_INLINE void row_tile(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t n_blocks,
                            const typename Step::template token_block<F::block_size>* tokens, float* out,
                            std::size_t out_stride) noexcept {
    using namespace portable;
    using block = typename F::block;
    using token_block = typename Step::template token_block<F::block_size>;
    const block* row[4 / Tokens];
    NIBBLE_UNROLL
    for (std::size_t r = 0; r < 4 / Tokens; ++r)
        row[r] = quant::blocks_of<F>(rows + std::min(r, n_rows - 1) * row_bytes);
    f32x4 chain = splat(0.0f);
    for (std::size_t b = 0; b < n_blocks; ++b) {
        const token_block* x[Tokens];
        NIBBLE_UNROLL
        for (std::size_t t = 0; t < Tokens; ++t) x[t] = tokens + t * n_blocks + b;
        i32x4 s[4], m[4];
        if constexpr (F::block_size == 32) {  // short enough to be side by side, in registers
            NIBBLE_UNROLL
            for (std::size_t r = 0; r < 4 / Tokens; ++r)
                Step::template block_sums<F, Tokens>(row[r][b], x, s + r * Tokens, m + r * Tokens);
        } else {
            NIBBLE_ROLLED
            for (std::size_t r = 0; r < 4 / Tokens; ++r)
                Step::template block_sums<F, Tokens>(row[r][b], x, s + r * Tokens, m + r * Tokens);
        }
        const block* const w4[] = {row[0] + b, row[1 / Tokens] + b, row[2 / Tokens] + b, row[3 / Tokens] + b};
        const token_block* const x4[] = {x[0], x[1 % Tokens], x[2 % Tokens], x[3 % Tokens]};
        chain = add_block<Step, F>(chain, w4, x4, s, m);
    }
    float lanes[4];
    store(lanes, chain);
    for (std::size_t i = 0; i < n_rows * Tokens; ++i) out[i % Tokens * out_stride + i / Tokens] = lanes[i];
}

/// All rows with Tokens tokens, four pairs at a time.
template <class Step, class F, std::size_t Tokens>
NIBBLE_INLINE void row_tiles(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t n_blocks,
                             const typename Step::template token_block<F::block_size>* tokens, float* out,
                             std::size_t out_stride) noexcept {
    constexpr std::size_t rows = 4 / Tokens;
    for (std::size_t r = 0; r < n_rows; r += rows)
        row_tile<Step, F, Tokens>(weights + r * row_bytes, row_bytes, std::min(n_rows - r, rows), n_blocks, tokens,
                                  out + r, out_stride);
}

/// gemv_function of the block formats, by Step. A part of the function that calls it, which may be of a region. Three
/// tokens and more are for gemm: they are served two at a time, without code of their own.
template <class Step, class F>
NIBBLE_INLINE void multiply_rows(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                                 const void* x, std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    const std::size_t n_blocks = depth / F::block_size;
    const auto* tokens = static_cast<const typename Step::template token_block<F::block_size>*>(x);
    std::size_t t = 0;
    for (; t + 2 <= n_tokens; t += 2)
        row_tiles<Step, F, 2>(weights, row_bytes, n_rows, n_blocks, tokens + t * n_blocks, out + t * out_stride,
                              out_stride);
    if (t < n_tokens)
        row_tiles<Step, F, 1>(weights, row_bytes, n_rows, n_blocks, tokens + t * n_blocks, out + t * out_stride,
                              out_stride);
}

template <class F>
inline void gemv(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth, const void* x,
                 std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    multiply_rows<step, F>(weights, row_bytes, n_rows, depth, x, n_tokens, out, out_stride);
}

}  // namespace kernels::gemv_portable
NIBBLE_NAMESPACE_END
