// SPDX-License-Identifier: Apache-2.0
// The blocking of matrix times many tokens, and the scratch memory that a thread needs for it.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

//   for `panel_rows_max` rows
//     for a chunk of `panel_chunk` weights      unpack rows x chunk to bytes: 96 KiB + scales, stays in L2
//       for 16 tokens                           their chunk is 16 KiB, stays in L1
//         for 3 rows                            3 KiB from L2 for 49,152 MACs; beside the first tokens, fetch the rows
//                                               of the next chunk, a few at a time
//           the micro-kernel                    6 int16 + 6 int32 accumulators in registers
//
// The sums of a row and a token go through `tile`, so that the chain over blocks is the one of the specification.

/// Most rows a thread unpacks at once; a multiple of 6 and of 3, the rows of the micro-kernels.
inline constexpr std::size_t panel_rows_max = 96;
/// Weights of a row that are unpacked at once: 4 blocks of 256 or 32 blocks of 32.
inline constexpr std::size_t panel_chunk = 1024;
/// Most tokens that one pass over the weights serves; a multiple of 16.
inline constexpr std::size_t panel_tokens_max = 512;

/// Per thread. Contents mean nothing between calls.
struct alignas(64) panel_scratch {
    // a weight takes at most 2 bytes of codes (two planes) and a block of 32 at most 14 bytes beside them
    std::byte weights[panel_rows_max * (panel_chunk * 2 + panel_chunk / 32 * 16)];
    float tile[panel_rows_max * panel_tokens_max];
};

/// Multiplies n_rows weight rows with n_tokens tokens: out[t * out_stride + r].
/// `x`: `activation_panel<F::block_size, lanes>[ceil(n_tokens / lanes)][depth / block_size]`.
using panel_function = void (*)(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                                const void* x, std::size_t n_tokens, float* out, std::size_t out_stride,
                                panel_scratch& scratch) noexcept;

}  // namespace kernels
NIBBLE_NAMESPACE_END
