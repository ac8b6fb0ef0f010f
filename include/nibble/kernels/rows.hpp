// SPDX-License-Identifier: Apache-2.0
// Signatures of the weight kernels, and their portable forms: the specification applied to rows of a matrix.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/quant/scalar.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// Multiplies `n_rows` weight rows with `n_tokens` tokens: out[t * out_stride + r] = row r . token t.
/// `x`: for block formats `activation_block<F::block_size>[n_tokens][depth / block_size]`, for float formats
/// `float[n_tokens][depth]`. Rows lie `row_bytes` apart.
using rows_function = void (*)(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                               const void* x, std::size_t n_tokens, float* out, std::size_t out_stride) noexcept;

/// Decodes one row of `depth` weights to floats.
using decode_function = void (*)(const std::byte* row, std::size_t depth, float* out) noexcept;

template <quant::block_format F>
inline void rows_scalar(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                        const void* x, std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    const std::size_t n_blocks = depth / F::block_size;
    const auto* tokens = static_cast<const quant::activation_block<F::block_size>*>(x);
    for (std::size_t r = 0; r < n_rows; ++r)
        for (std::size_t t = 0; t < n_tokens; ++t)
            out[t * out_stride + r] =
                quant::dot<F>(quant::blocks_of<F>(weights + r * row_bytes), tokens + t * n_blocks, n_blocks);
}

template <class F>
inline void float_rows_scalar(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                              const void* x, std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    const auto* tokens = static_cast<const float*>(x);
    for (std::size_t r = 0; r < n_rows; ++r) {
        const auto* row = reinterpret_cast<const std::uint8_t*>(weights + r * row_bytes);
        const auto load = [row](std::size_t i) { return F::load(row, i); };
        for (std::size_t t = 0; t < n_tokens; ++t)
            out[t * out_stride + r] = quant::dot_float(load, tokens + t * depth, depth);
    }
}

template <quant::block_format F>
inline void decode_blocks(const std::byte* row, std::size_t depth, float* out) noexcept {
    for (std::size_t b = 0; b < depth / F::block_size; ++b)
        quant::decode_block<F>(quant::blocks_of<F>(row)[b], out + b * F::block_size);
}

template <class F>
inline void decode_floats(const std::byte* row, std::size_t depth, float* out) noexcept {
    for (std::size_t i = 0; i < depth; ++i) out[i] = F::load(reinterpret_cast<const std::uint8_t*>(row), i);
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
