// SPDX-License-Identifier: Apache-2.0
// Rows of weights to floats: the embedding of a token. Too little work to be written for an instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// Decodes one row of `depth` weights to floats.
using dequantize_row_function = void (*)(const std::byte* row, std::size_t depth, float* out) noexcept;

template <class F>
inline void dequantize_row(const std::byte* row, std::size_t depth, float* out) noexcept {
    if constexpr (quant::block_format<F>) {
        for (std::size_t b = 0; b < depth / F::block_size; ++b)
            quant::dequantize_block<F>(quant::blocks_of<F>(row)[b], out + b * F::block_size);
    } else {
        for (std::size_t i = 0; i < depth; ++i) out[i] = F::load(reinterpret_cast<const std::uint8_t*>(row), i);
    }
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
