// SPDX-License-Identifier: Apache-2.0
// Few tokens: the contract of the product with a matrix row by row, and its plain form, the oracle of all products.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/quant/scalar.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// Multiplies `n_rows` weight rows, `row_bytes` apart, with `n_tokens` tokens: out[t * out_stride + r] = row r . token
/// t, the bits of quant::dot or quant::dot_float. `x`: for block formats `n_tokens` times what quantize_row of the same
/// set made of `depth` values, for float formats float[n_tokens][depth].
using gemv_function = void (*)(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                               const void* x, std::size_t n_tokens, float* out, std::size_t out_stride) noexcept;

namespace gemv_scalar {

template <class F>
inline void gemv(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth, const void* x,
                 std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    for (std::size_t r = 0; r < n_rows; ++r) {
        const std::byte* row = weights + r * row_bytes;
        for (std::size_t t = 0; t < n_tokens; ++t) {
            if constexpr (quant::block_format<F>) {
                const std::size_t n_blocks = depth / F::block_size;
                const auto* tokens = static_cast<const quant::activation_block<F::block_size>*>(x);
                out[t * out_stride + r] = quant::dot<F>(quant::blocks_of<F>(row), tokens + t * n_blocks, n_blocks);
            } else {
                const auto load = [row](std::size_t i) {
                    return F::load(reinterpret_cast<const std::uint8_t*>(row), i);
                };
                out[t * out_stride + r] = quant::dot_float(load, static_cast<const float*>(x) + t * depth, depth);
            }
        }
    }
}

}  // namespace gemv_scalar
}  // namespace kernels
NIBBLE_NAMESPACE_END
