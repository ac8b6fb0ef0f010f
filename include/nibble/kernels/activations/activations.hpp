// SPDX-License-Identifier: Apache-2.0
// Activations for the integer kernels: the contract of the quantisers, and the plain form.
#pragma once

#include <cstddef>

#include <nibble/quant/activation.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// Quantises one token of `depth` values, a multiple of the block size: `out` is depth / block size blocks, in the
/// order that gemv of the same set reads. The numbers are those of quant::quantize_block.
using quantize_row_function = void (*)(const float* x, std::size_t depth, void* out) noexcept;

/// Quantises `n_tokens` tokens, `stride` values apart, at most a group of them, and packs them for gemm of the same
/// set: `out` is depth / block size blocks of a group; the tokens that are missing in it become zero.
using pack_tokens_function = void (*)(const float* x, std::size_t stride, std::size_t n_tokens, std::size_t depth,
                                      void* out) noexcept;

namespace activations_scalar {

template <std::size_t N>
inline void quantize_row(const float* x, std::size_t depth, void* out) noexcept {
    auto* blocks = static_cast<quant::activation_block<N>*>(out);
    for (std::size_t b = 0; b < depth / N; ++b) quant::quantize_block<N>(x + b * N, blocks[b]);
}

}  // namespace activations_scalar
}  // namespace kernels
NIBBLE_NAMESPACE_END
