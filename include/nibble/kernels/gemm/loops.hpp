// SPDX-License-Identifier: Apache-2.0
// Many tokens: the loops around a micro-kernel, the same for every instruction set (drawing: gemm/micro_kernel.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <nibble/core/instructions.hpp>
#include <nibble/kernels/gemm/micro_kernel.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// What is packed after the chunk at hand: `n_rows` rows, `row_bytes` apart, `bytes` of each. It is fetched a few rows
/// at a time between tiles: all at once they hold up whatever comes behind them, at 13 cycles for 64 bytes.
struct next_chunk {
    const std::byte* rows;
    std::size_t row_bytes, n_rows, bytes;

    /// Fetches rows first .. first + count - 1, as far as there are any.
    void fetch(std::size_t first, std::size_t count) const noexcept {
        for (std::size_t r = first; r < std::min(first + count, n_rows); ++r) {
            const char* row = reinterpret_cast<const char*>(rows + r * row_bytes);
            const std::size_t into_line = reinterpret_cast<std::uintptr_t>(row) % 64;
            for (std::size_t i = 0; i < into_line + bytes; i += 64) detail::prefetch_l2(row + i);
        }
    }
};

/// The chunk behind blocks `.. end - 1` of n_rows rows: the next of these rows, else the first of the n_behind rows
/// behind them.
template <class F>
inline next_chunk chunk_behind(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t n_behind,
                               std::size_t n_blocks, std::size_t end) noexcept {
    constexpr std::size_t chunk_blocks = gemm_chunk / F::block_size;
    const std::size_t left = end < n_blocks ? n_blocks - end : n_blocks;
    const std::size_t bytes = std::min(left, chunk_blocks) * sizeof(typename F::block);
    if (end < n_blocks) return {rows + end * sizeof(typename F::block), row_bytes, n_rows, bytes};
    return {rows + n_rows * row_bytes, row_bytes, std::min(n_behind, gemm_rows_max), bytes};
}

/// At most gemm_rows_max rows with at most gemm_tokens_max tokens. `n_behind` rows lie behind these, and come next.
template <class K, class F>
inline void gemm_block(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t n_behind,
                       std::size_t n_blocks, const typename K::template packed_tokens<F::block_size>* tokens,
                       std::size_t n_tokens, float* out, std::size_t out_stride, gemm_scratch& scratch) noexcept {
    using packed_weights = typename K::template packed_weights<F>;
    constexpr std::size_t chunk_blocks = gemm_chunk / F::block_size;
    static_assert(gemm_rows_max % K::row_group == 0 && gemm_tokens_max % K::token_group == 0);
    static_assert(sizeof(packed_weights) * chunk_blocks * (gemm_rows_max / K::row_group) <= sizeof scratch.weights);
    static_assert(alignof(packed_weights) <= alignof(gemm_scratch));

    auto* weights = reinterpret_cast<packed_weights*>(scratch.weights);
    const std::size_t row_groups = (n_rows + K::row_group - 1) / K::row_group;
    const std::size_t token_groups = (n_tokens + K::token_group - 1) / K::token_group;
    const std::size_t sums_stride = row_groups * K::row_group * K::token_group;
    std::fill_n(scratch.sums, token_groups * sums_stride, 0.0f);

    for (std::size_t b = 0, count; b < n_blocks; b += count) {
        count = std::min(n_blocks - b, chunk_blocks);
        for (std::size_t g = 0; g < row_groups; ++g) {
            const std::size_t first = g * K::row_group;
            K::template pack<F>(rows + first * row_bytes + b * sizeof(typename F::block), row_bytes,
                                std::min(n_rows - first, K::row_group), count, weights + g * count);
        }
        next_chunk next = chunk_behind<F>(rows, row_bytes, n_rows, n_behind, n_blocks, b + count);
        for (std::size_t t = 0; t < token_groups; t += K::groups_at_once) {
            const std::size_t n_groups = std::min(token_groups - t, K::groups_at_once);
            for (std::size_t g = 0; g < row_groups; ++g) {
                next.fetch(g * K::row_group, K::row_group);
                K::template tile<F>(weights + g * count, tokens + t * n_blocks + b, n_blocks, n_groups, count,
                                    scratch.sums + t * sums_stride + g * K::row_group * K::token_group, sums_stride);
            }
            next.n_rows = 0;  // fetched
        }
    }
    K::store(scratch.sums, sums_stride, n_rows, n_tokens, out, out_stride);
}

/// gemm_function of the micro-kernel K.
template <class K, class F>
requires gemm_kernel<K, F>
inline void gemm(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t depth, const void* x,
                 std::size_t n_tokens, float* out, std::size_t out_stride, gemm_scratch& scratch) noexcept {
    const std::size_t n_blocks = depth / F::block_size;
    const auto* tokens = static_cast<const typename K::template packed_tokens<F::block_size>*>(x);
    for (std::size_t r = 0; r < n_rows; r += gemm_rows_max) {
        const std::size_t here = std::min(n_rows - r, gemm_rows_max);
        for (std::size_t t = 0; t < n_tokens; t += gemm_tokens_max)
            gemm_block<K, F>(rows + r * row_bytes, row_bytes, here, n_rows - r - here, n_blocks,
                             tokens + t / K::token_group * n_blocks, std::min(n_tokens - t, gemm_tokens_max),
                             out + t * out_stride + r, out_stride, scratch);
    }
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
