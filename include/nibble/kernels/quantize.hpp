// SPDX-License-Identifier: Apache-2.0
// Signatures of the activation quantisers, and the portable form.
#pragma once

#include <cstddef>

#include <nibble/quant/panel.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// Quantises one token of `depth` values (a multiple of N): out is activation_block<N>[depth / N].
using quantize_row_function = void (*)(const float* x, std::size_t depth, void* out) noexcept;

/// Quantises up to `lanes` tokens, `stride` values apart, into one group of the panel form:
/// out is activation_panel<N, lanes>[depth / N]; lanes from n_tokens on become zero.
using quantize_panel_function = void (*)(const float* x, std::size_t stride, std::size_t n_tokens, std::size_t depth,
                                         void* out) noexcept;

/// The most room that a token takes in a block of the panel form, whatever the kernel set.
template <std::size_t N>
inline constexpr std::size_t
    panel_token_bytes = sizeof(quant::activation_panel<N, 16, quant::panel_order::sequential>) / 16;

template <std::size_t N>
inline void quantize_row_scalar(const float* x, std::size_t depth, void* out) noexcept {
    auto* blocks = static_cast<quant::activation_block<N>*>(out);
    for (std::size_t b = 0; b < depth / N; ++b) quant::quantize_block<N>(x + b * N, blocks[b]);
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
