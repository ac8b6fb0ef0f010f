// SPDX-License-Identifier: Apache-2.0
// The numerics contract in plain C++: what every kernel of every format and instruction set must equal bit for bit.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/core/float_math.hpp>
#include <nibble/quant/activation.hpp>
#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// What a block of weights and a block of activations contribute to a dot product, exactly:
///   s = sum over groups of 16:  scale * (k * sum(q_w * q_x) - offset * sum_x)
///   m = sum over groups of 16:  min * sum_x
/// |s| < 2^31 for every format: Q4_K 246 M, Q5_K 508 M, Q6_K 1,066 M and IQ4_XS 2,006 M (32 * 8 * 241 * 127 * 256)
/// before the offset is taken off, Q8_0 4 M.
struct block_sums {
    std::int32_t s = 0, m = 0;
};

template <block_format F>
[[nodiscard]] inline block_sums multiply_block(const block_codes<F::block_size>& w,
                                               const activation_block<F::block_size>& x) noexcept {
    block_sums sums;
    for (std::size_t i = 0; i < F::block_size / sub_size; ++i) {
        std::int32_t products = 0;
        for (std::size_t e = i * sub_size; e < (i + 1) * sub_size; ++e) products += w.q[e] * x.q[e];
        sums.s += w.scale[i] * (x.k[i] * products - F::offset * x.sum[i]);
        if constexpr (F::has_min) sums.m += w.min[i] * x.sum[i];
    }
    return sums;
}

/// The chain of a result, one block on:  fma(d_x * d_w, s, chain),  then for formats with a min  fma(d_x * m_w, m, .).
template <block_format F>
[[nodiscard]] inline float add_block(float chain, const block_codes<F::block_size>& w,
                                     const activation_block<F::block_size>& x) noexcept {
    const block_sums sums = multiply_block<F>(w, x);
    chain = exact_fma(exact_product(x.d, w.d), static_cast<float>(sums.s), chain);
    if constexpr (F::has_min) chain = exact_fma(exact_product(x.d, w.m), static_cast<float>(sums.m), chain);
    return chain;
}

/// Dot product of one weight row and one token, both `n_blocks` long: one chain over the blocks, in order.
template <block_format F>
[[nodiscard]] inline float dot(const typename F::block* weights, const activation_block<F::block_size>* x,
                               std::size_t n_blocks) noexcept {
    float chain = 0;
    for (std::size_t b = 0; b < n_blocks; ++b) {
        block_codes<F::block_size> w;
        F::unpack(weights[b], w);
        chain = add_block<F>(chain, w, x[b]);
    }
    return chain;
}

/// Dot product of a row of 16- or 32-bit floats and one token: value i goes by fma into partial sum i mod 32, the 32
/// are folded in halves (16, 8, 4, 2, 1). A depth that 32 does not divide is continued with zeros.
template <class Load>
[[nodiscard]] inline float dot_float(const Load& load, const float* x, std::size_t depth) noexcept {
    float partial[32] = {};
    for (std::size_t i = 0; i < (depth + 31) / 32 * 32; ++i) {
        const bool inside = i < depth;
        partial[i % 32] = exact_fma(inside ? load(i) : 0.0f, inside ? x[i] : 0.0f, partial[i % 32]);
    }
    for (std::size_t width = 16; width > 0; width /= 2)
        for (std::size_t i = 0; i < width; ++i) partial[i] += partial[i + width];
    return partial[0];
}

}  // namespace quant
NIBBLE_NAMESPACE_END
