// SPDX-License-Identifier: Apache-2.0
// The numerics contract in plain C++: what every kernel of every format and instruction set must equal bit for bit.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <nibble/quant/activation.hpp>
#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// Dot product of one weight row and one token, both `n_blocks` long. Inside a block everything is an exact integer;
/// across blocks one chain of fma, in order:
///   acc = fma(d_x * d_w, S, acc),  S = sum over groups of 16:  scale * (k * sum(q_w * q_x) - offset * sum_x)
///   acc = fma(d_x * m_w, M, acc),  M = sum over groups of 16:  min * sum_x             (formats with a min)
/// |S| < 2^31 for every format: Q4_K 246 M, Q5_K 508 M, Q6_K 1,066 M before the offset is taken off, Q8_0 4 M.
template <block_format F>
[[nodiscard]] inline float dot(const typename F::block* weights, const activation_block<F::block_size>* x,
                               std::size_t n_blocks) noexcept {
    float acc = 0;
    for (std::size_t b = 0; b < n_blocks; ++b) {
        block_codes<F::block_size> w;
        F::unpack(weights[b], w);
        std::int32_t s = 0, m = 0;
        for (std::size_t i = 0; i < F::block_size / sub_size; ++i) {
            std::int32_t products = 0;
            for (std::size_t e = i * sub_size; e < (i + 1) * sub_size; ++e) products += w.q[e] * x[b].q[e];
            const std::size_t slot = x[b].slot(i);
            s += w.scale[i] * (x[b].k[slot] * products - F::offset * x[b].sum[slot]);
            m += w.min[i] * x[b].sum[slot];
        }
        acc = std::fma(x[b].d * w.d, static_cast<float>(s), acc);
        if constexpr (F::has_min) acc = std::fma(x[b].d * w.m, static_cast<float>(m), acc);
    }
    return acc;
}

/// Dot product of a row of 16- or 32-bit floats and one token: value i goes by fma into partial sum i mod 32, the 32
/// are folded in halves (16, 8, 4, 2, 1). A depth that 32 does not divide is continued with zeros.
template <class Load>
[[nodiscard]] inline float dot_float(const Load& load, const float* x, std::size_t depth) noexcept {
    float partial[32] = {};
    for (std::size_t i = 0; i < (depth + 31) / 32 * 32; ++i) {
        const bool inside = i < depth;
        partial[i % 32] = std::fma(inside ? load(i) : 0.0f, inside ? x[i] : 0.0f, partial[i % 32]);
    }
    for (std::size_t width = 16; width > 0; width /= 2)
        for (std::size_t i = 0; i < width; ++i) partial[i] += partial[i + width];
    return partial[0];
}

}  // namespace quant
NIBBLE_NAMESPACE_END
