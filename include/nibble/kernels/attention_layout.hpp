// SPDX-License-Identifier: Apache-2.0
// How keys and values lie in the cache, and what the attention kernels pass to each other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Positions that are attended to at once. Blocks start at multiples of it whatever the query, and their results are
/// merged in ascending order: that fixes the order of every sum, for any chunking of a prompt and any number of
/// threads.
inline constexpr std::size_t attention_block = 128;

/// Values that lie side by side: two vectors of eight floats.
inline constexpr std::size_t attention_panel = 16;

/// What one cached value is stored as. Integers come with one float scale for each position, head, and side (key or
/// value). Next to f16, q16 costs 1.6 % more memory for heads of 128 and no time, and rounds ten times finer, because
/// the values of a head need few of the exponents that a half has room for: error of the logits on the golden model
/// smollm3-f16, where nothing else is rounded, 0.00060 with f16, 0.00005 with q16, 0.013 with q8.
enum class cache_type {
    q16,  ///< int16
    f16,  ///< IEEE half
    q8,   ///< int8: half the memory
};

/// A cache type as kernels see it. `scaled`: a stored integer of at most `largest` times the scale of its position is
/// the value.
struct q16_cache {
    using element = std::int16_t;
    static constexpr bool scaled = true;
    static constexpr float largest = 32767;
};
struct f16_cache {
    using element = std::uint16_t;
    static constexpr bool scaled = false;
};
struct q8_cache {
    using element = std::int8_t;
    static constexpr bool scaled = true;
    static constexpr float largest = 127;
};

/// One block of one head, in memory order:
///   keys    [128 / 16 panels][head_dim][16 positions]      scores of 16 positions are one panel times a query
///   values  [padded_dim / 16 panels][128 positions][16]    16 outputs are one panel times a row of weights
///   key scales [128], value scales [128]                   scaled types only
/// Either side is read in address order by the same loop: sum over k of a[k] * panel[k][16]. A block is a multiple of
/// 64 bytes. The first dimension of `values` covers head_dim rounded up to 16; the excess is zero and never shown.
template <class Cache>
struct cache_block {
    using element = typename Cache::element;

    element* keys;
    element* values;
    float* key_scales;
    float* value_scales;

    [[nodiscard]] static constexpr std::size_t padded(std::size_t head_dim) noexcept {
        return (head_dim + attention_panel - 1) / attention_panel * attention_panel;
    }
    [[nodiscard]] static constexpr std::size_t bytes(std::size_t head_dim) noexcept {
        const std::size_t scales = Cache::scaled ? 2 * attention_block * sizeof(float) : 0;
        return attention_block * (head_dim + padded(head_dim)) * sizeof(element) + scales;
    }

    cache_block(std::byte* block, std::size_t head_dim) noexcept
        : keys(reinterpret_cast<element*>(block)),
          values(keys + attention_block * head_dim),
          key_scales(reinterpret_cast<float*>(values + attention_block * padded(head_dim))),
          value_scales(key_scales + attention_block) {}

    /// Index into `keys` of dimension `d` of `position` (of this block).
    [[nodiscard]] static constexpr std::size_t key(std::size_t position, std::size_t d, std::size_t head_dim) noexcept {
        return (position / attention_panel * head_dim + d) * attention_panel + position % attention_panel;
    }
    /// Index into `values`.
    [[nodiscard]] static constexpr std::size_t value(std::size_t position, std::size_t d) noexcept {
        return (d / attention_panel * attention_block + position) * attention_panel + d % attention_panel;
    }
};

[[nodiscard]] constexpr std::size_t padded_head_dim(std::size_t head_dim) noexcept {
    return cache_block<f16_cache>::padded(head_dim);
}

[[nodiscard]] constexpr std::size_t cache_block_bytes(cache_type type, std::size_t head_dim) noexcept {
    switch (type) {
        case cache_type::f16: return cache_block<f16_cache>::bytes(head_dim);
        case cache_type::q8: return cache_block<q8_cache>::bytes(head_dim);
        case cache_type::q16: break;
    }
    return cache_block<q16_cache>::bytes(head_dim);
}

/// The queries that share one key/value head: for each of some consecutive tokens the `group` query heads of that head.
struct attention_queries {
    const float* q;     ///< [rows][head_dim], already times attention scale * log2(e)
    std::size_t rows;   ///< tokens * group
    std::size_t group;  ///< n_heads / n_kv_heads
    std::size_t head_dim;
    std::size_t visible;  ///< positions of the block that the first token sees: 1 ..; each further token sees one more

    /// Positions of the block that row `r` sees: 1 .. attention_block.
    [[nodiscard]] std::size_t visible_to(std::size_t r) const noexcept {
        return std::min(visible + r / group, attention_block);
    }
};

/// Softmax-weighted sum over some blocks, not yet normalised: with s the scores in units of log2,
///   max = max s,  sum = sum of 2^(s - max),  acc = sum of 2^(s - max) * value.
struct attention_partial {
    float* max;  ///< [rows]
    float* sum;  ///< [rows]
    float* acc;  ///< [rows][padded_head_dim]
};

/// Work areas of one worker for `rows` queries.
struct attention_work {
    float* scores;  ///< [rows][attention_block]
    float* panel;   ///< [max(head_dim, attention_block)][attention_panel]
};

/// The kernels for one cache type on one instruction set. Every set gives the same bits.
struct attention_kernels {
    /// Puts key and value of one position ([head_dim] each) into a block.
    void (*store)(const float* k, const float* v, std::size_t head_dim, std::size_t position,
                  std::byte* block) noexcept;
    /// The partial result of one block.
    void (*attend)(const attention_queries&, const std::byte* block, const attention_partial& out,
                   const attention_work&) noexcept;
    /// Takes the result of the next block into `total`.
    void (*merge)(const attention_partial& total, const attention_partial& next, std::size_t rows,
                  std::size_t head_dim) noexcept;
    /// out[r * head_dim ..] = acc / sum of row r.
    void (*finish)(const attention_partial& total, std::size_t rows, std::size_t head_dim, float* out) noexcept;
};

NIBBLE_NAMESPACE_END
