// SPDX-License-Identifier: Apache-2.0
// Many tokens: how the product is blocked, the memory it works in, and what an instruction set brings to it.
#pragma once

#include <concepts>
#include <cstddef>

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

//   for `gemm_rows_max` rows
//     for a chunk of `gemm_chunk` weights of each    pack: 96 x 1024 weights become 96 KiB of bytes and scales, in L2
//       for K::groups_at_once groups of tokens       of AVX-512: 32 tokens, whose chunk is 32 KiB, in L1
//         for K::row_group rows                      6 KiB from L2 for 196,608 MACs; beside the first tokens, the rows
//                                                    of the next chunk are fetched, a group at a time
//           K::tile                                  int32 sums of a block in registers, added to the float chains
//   K::store                                         the chains [group][row][token] turned to out[token][row]
//
// gemm/loops.hpp has these loops; they hold no vector, and a micro-kernel walks no memory beyond the first cache.
// The chain of a row and a token waits in `sums` between chunks, so that it is the one of the specification.

/// Most rows that are packed at once; a multiple of every row_group.
inline constexpr std::size_t gemm_rows_max = 96;
/// Weights of a row that are packed at once: 4 blocks of 256 or 32 blocks of 32.
inline constexpr std::size_t gemm_chunk = 1024;
/// Most tokens that one pass over the weights serves; a multiple of every token_group.
inline constexpr std::size_t gemm_tokens_max = 512;

/// Per thread. Contents mean nothing between calls.
struct alignas(64) gemm_scratch {
    // a weight takes at most 2 bytes (two planes of codes, or int16) and a block of 32 at most 16 bytes beside them
    std::byte weights[gemm_rows_max * (gemm_chunk * 2 + gemm_chunk / 32 * 16)];
    float sums[gemm_rows_max * gemm_tokens_max];
};

/// Multiplies `n_rows` weight rows, `row_bytes` apart, with `n_tokens` tokens: out[t * out_stride + r], the bits of
/// quant::dot. `x`: for each group of tokens what pack_tokens of the same set made of `depth` values.
using gemm_function = void (*)(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                               const void* x, std::size_t n_tokens, float* out, std::size_t out_stride,
                               gemm_scratch& scratch) noexcept;

/// The micro-kernel K of an instruction set for the format F: two packed forms, and what makes and eats them.
template <class K, class F>
concept gemm_kernel = quant::block_format<F> &&
    requires(const std::byte* rows, typename K::template packed_weights<F>* packed,
             const typename K::template packed_weights<F>* weights,
             const typename K::template packed_tokens<F::block_size>* tokens, float* sums, float* out, std::size_t n) {
    { K::token_group } -> std::convertible_to<std::size_t>;     // tokens in a block of packed_tokens
    { K::row_group } -> std::convertible_to<std::size_t>;       // rows in a block of packed_weights
    { K::groups_at_once } -> std::convertible_to<std::size_t>;  // most groups of tokens that a tile takes
    // pack(rows, row_bytes, n_rows, n_blocks, packed): n_blocks blocks of up to row_group rows; the last row stands
    // in for those that are missing
    { K::template pack<F>(rows, n, n, n, packed) }
    noexcept;
    // tile(weights, tokens, tokens_stride, n_groups, n_blocks, sums, sums_stride): adds a chunk of row_group rows
    // times n_groups groups to the chains sums[group * sums_stride + row * token_group + token]; tokens_stride is
    // the distance of two groups in blocks
    { K::template tile<F>(weights, tokens, n, n, n, sums, n) }
    noexcept;
    // store(sums, sums_stride, n_rows, n_tokens, out, out_stride): out[token * out_stride + row]
    { K::store(static_cast<const float*>(sums), n, n, n, out, n) }
    noexcept;
};

}  // namespace kernels
NIBBLE_NAMESPACE_END
