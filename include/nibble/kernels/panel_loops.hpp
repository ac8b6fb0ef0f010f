// SPDX-License-Identifier: Apache-2.0
// The loops around a panel kernel: blocks of rows, tokens and chunks of the depth, as kernels/panel.hpp shows them.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/kernels/panel.hpp>
#include <nibble/kernels/unpack_avx2.hpp>
#include <nibble/quant/panel.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// What is unpacked after the chunk at hand: `n_rows` rows, `row_bytes` apart, `bytes` of each. A kernel fetches a few
/// rows at a time between its tiles: all at once they hold up whatever comes behind them, at 13 cycles for 64 bytes.
struct next_chunk {
    const std::byte* rows;
    std::size_t row_bytes, n_rows, bytes;

    /// Fetches rows first .. first + count - 1, as far as there are any, into the second cache level.
    NIBBLE_INLINE void fetch(std::size_t first, std::size_t count) const noexcept {
        for (std::size_t r = first; r < first + count && r < n_rows; ++r) {
            const char* row = reinterpret_cast<const char*>(rows + r * row_bytes);
            const std::size_t into_line = reinterpret_cast<std::uintptr_t>(row) % 64;
            for (std::size_t i = 0; i < into_line + bytes; i += 64) _mm_prefetch(row + i, _MM_HINT_T1);
        }
    }
};

/// The chunk behind blocks `.. end - 1` of n_rows rows: the next of these rows, else the first of the n_behind rows
/// behind them.
template <class F>
NIBBLE_INLINE next_chunk chunk_behind(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows,
                                      std::size_t n_behind, std::size_t n_blocks, std::size_t end) noexcept {
    constexpr std::size_t chunk_blocks = panel_chunk / F::block_size;
    const std::size_t left = end < n_blocks ? n_blocks - end : n_blocks;
    const std::size_t bytes = (left < chunk_blocks ? left : chunk_blocks) * sizeof(typename F::block);
    if (end < n_blocks) return {rows + end * sizeof(typename F::block), row_bytes, n_rows, bytes};
    return {rows + n_rows * row_bytes, row_bytes, n_behind < panel_rows_max ? n_behind : panel_rows_max, bytes};
}

/// out[t * out_stride + r] = tile[stride * r + t] for 8 rows and 8 tokens.
inline void transpose8(const float* tile, std::size_t stride, float* out, std::size_t out_stride) noexcept {
    __m256 pairs[8], fours[8];
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < 4; ++i) {
        const __m256 a = _mm256_loadu_ps(tile + 2 * i * stride), b = _mm256_loadu_ps(tile + (2 * i + 1) * stride);
        pairs[2 * i] = _mm256_unpacklo_ps(a, b);
        pairs[2 * i + 1] = _mm256_unpackhi_ps(a, b);
    }
    NIBBLE_UNROLL
    for (std::size_t i = 0; i < 8; i += 4) {
        NIBBLE_UNROLL
        for (std::size_t k = 0; k < 2; ++k) {
            fours[i + 2 * k] = _mm256_shuffle_ps(pairs[i + k], pairs[i + 2 + k], 0x44);
            fours[i + 2 * k + 1] = _mm256_shuffle_ps(pairs[i + k], pairs[i + 2 + k], 0xee);
        }
    }
    NIBBLE_UNROLL
    for (std::size_t t = 0; t < 4; ++t) {
        _mm256_storeu_ps(out + t * out_stride, _mm256_permute2f128_ps(fours[t], fours[t + 4], 0x20));
        _mm256_storeu_ps(out + (t + 4) * out_stride, _mm256_permute2f128_ps(fours[t], fours[t + 4], 0x31));
    }
}

/// out[t * out_stride + r] for n_rows rows and n_tokens tokens. tile: [group of `Lanes` tokens][row][lane].
template <std::size_t Lanes>
inline void store_results(const float* tile, std::size_t group_stride, std::size_t n_rows, std::size_t n_tokens,
                          float* out, std::size_t out_stride) noexcept {
    for (std::size_t first = 0; first < n_tokens; first += 8) {  // 8 tokens of a group
        const float* eight = tile + first / Lanes * group_stride + first % Lanes;
        float* to = out + first * out_stride;
        const std::size_t count = n_tokens - first < 8 ? n_tokens - first : 8;
        std::size_t r = 0;
        if (count == 8)
            for (; r + 8 <= n_rows; r += 8) transpose8(eight + Lanes * r, Lanes, to + r, out_stride);
        for (; r < n_rows; ++r)
            for (std::size_t t = 0; t < count; ++t) to[t * out_stride + r] = eight[Lanes * r + t];
    }
}

/// The rows of an unpacked chunk times Vecs groups of tokens, whose chains so far are at `sums`: [group][row][lane].
template <class Kernel, class F, std::size_t Vecs>
NIBBLE_INLINE void panel_rows(const quant::weight_panel<F>* weights, std::size_t padded_rows,
                              const typename Kernel::template tokens<F>* x, std::size_t x_stride, std::size_t n_blocks,
                              float* sums, std::size_t group_stride, const next_chunk& next) noexcept {
    constexpr std::size_t rows = Kernel::template tile_rows<Vecs>;
    for (std::size_t r = 0; r < padded_rows; r += rows) {
        next.fetch(r, rows);
        Kernel::template tile<F, Vecs>(weights + r * n_blocks, x, x_stride, n_blocks, sums + Kernel::lanes * r,
                                       group_stride);
    }
}

/// At most panel_rows_max rows with at most panel_tokens_max tokens. `n_behind` rows lie behind these, and come next.
template <class Kernel, class F>
inline void panel_block(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t n_behind,
                        std::size_t n_blocks, const typename Kernel::template tokens<F>* tokens, std::size_t n_tokens,
                        float* out, std::size_t out_stride, panel_scratch& scratch) noexcept {
    constexpr std::size_t chunk_blocks = panel_chunk / F::block_size, lanes = Kernel::lanes;
    const std::size_t padded_rows = (n_rows + 5) / 6 * 6, group_stride = lanes * padded_rows;
    const std::size_t n_groups = (n_tokens + lanes - 1) / lanes;
    auto* weights = reinterpret_cast<quant::weight_panel<F>*>(scratch.weights);
    static_assert(sizeof(quant::weight_panel<F>) * chunk_blocks * panel_rows_max <= sizeof scratch.weights);

    for (std::size_t i = 0; i < n_groups * group_stride; i += 8)
        _mm256_storeu_ps(scratch.tile + i, _mm256_setzero_ps());
    for (std::size_t b = 0, count; b < n_blocks; b += count) {
        count = n_blocks - b < chunk_blocks ? n_blocks - b : chunk_blocks;
        unpack_rows<Kernel::order, F>(rows, row_bytes, n_rows, padded_rows, b, count, weights);
        next_chunk next = chunk_behind<F>(rows, row_bytes, n_rows, n_behind, n_blocks, b + count);
        for (std::size_t g = 0; g < n_groups; g += 2) {
            const auto* x = tokens + g * n_blocks + b;
            float* sums = scratch.tile + g * group_stride;
            if (g + 2 <= n_groups)
                panel_rows<Kernel, F, 2>(weights, padded_rows, x, n_blocks, count, sums, group_stride, next);
            else
                panel_rows<Kernel, F, 1>(weights, padded_rows, x, n_blocks, count, sums, group_stride, next);
            next.n_rows = 0;  // fetched
        }
    }
    store_results<lanes>(scratch.tile, group_stride, n_rows, n_tokens, out, out_stride);
}

/// panel_function. `Kernel` is what differs between instruction sets:
///   lanes, order, tokens<F>  how many tokens are in a group, and in which form
///   tile_rows<Vecs>          rows that its micro-kernel multiplies at once with Vecs (1 or 2) groups; divides 6
///   tile<F, Vecs>            that micro-kernel, over the blocks of a chunk
template <class Kernel, class F>
inline void panel_product(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                          const void* x, std::size_t n_tokens, float* out, std::size_t out_stride,
                          panel_scratch& scratch) noexcept {
    const std::size_t n_blocks = depth / F::block_size;
    const auto* tokens = static_cast<const typename Kernel::template tokens<F>*>(x);
    for (std::size_t r = 0; r < n_rows; r += panel_rows_max) {
        const std::size_t left = n_rows - r, here = left < panel_rows_max ? left : panel_rows_max;
        for (std::size_t t = 0; t < n_tokens; t += panel_tokens_max) {
            const std::size_t count = n_tokens - t < panel_tokens_max ? n_tokens - t : panel_tokens_max;
            panel_block<Kernel, F>(rows + r * row_bytes, row_bytes, here, left - here, n_blocks,
                                   tokens + t / Kernel::lanes * n_blocks, count, out + t * out_stride + r, out_stride,
                                   scratch);
        }
    }
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
