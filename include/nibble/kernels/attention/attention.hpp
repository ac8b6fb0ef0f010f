// SPDX-License-Identifier: Apache-2.0
// Attention over one block of positions: how keys and values lie in the cache, the contract of the kernels, and their
// plain form, which every other form equals bit for bit.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <nibble/core/config.hpp>
#include <nibble/core/float_math.hpp>
#include <nibble/core/half.hpp>
#include <nibble/kernels/attention/cache_type.hpp>
#include <nibble/kernels/elementwise/exp2.hpp>
#include <nibble/kernels/elementwise/soft_cap.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Positions that are attended to at once. Blocks start at multiples of it whatever the query, and their results are
/// merged in ascending order: that fixes the order of every sum, for any chunking of a prompt and any number of
/// threads.
inline constexpr std::size_t attention_block = 128;

/// Values that lie side by side: two vectors of eight floats.
inline constexpr std::size_t attention_panel = 16;

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

/// Positions that a token sees where nothing hides any of those before it.
inline constexpr std::size_t no_window = std::numeric_limits<std::size_t>::max();

/// The queries that share one key/value head: for each of some consecutive tokens the `group` query heads of that head.
/// A token sees itself and the window - 1 positions before it. What a row sees of a block is a range, which moves by
/// one from token to token:
///
///     positions of the block   0 . . . . first_of(r) . . . end_of(r) . . . 127
///     row r                    hidden    seen              hidden
///
/// In a block that the first token sees the end of, a later one may see nothing: its range is empty then.
struct attention_queries {
    const float* q;     ///< [rows][head_dim], already times attention scale * log2(e)
    std::size_t rows;   ///< tokens * group
    std::size_t group;  ///< n_heads / n_kv_heads
    std::size_t head_dim;
    std::size_t ahead;               ///< the first token's position less the block's first; it sees some of the block
    std::size_t window = no_window;  ///< at least 1
    float cap = 0;                   ///< of scores: soft_cap_value (elementwise/soft_cap.hpp); 0: none

    [[nodiscard]] std::size_t first_of(std::size_t r) const noexcept {
        const std::size_t seen = ahead + r / group + 1;
        return std::min(seen - std::min(seen, window), attention_block);
    }
    [[nodiscard]] std::size_t end_of(std::size_t r) const noexcept {
        return std::min(ahead + r / group + 1, attention_block);
    }
};

/// Softmax-weighted sum over some blocks, not yet normalised: with s the scores in units of log2,
///   max = max s,  sum = sum of 2^(s - max),  acc = sum of 2^(s - max) * value;  -infinity, 0, 0 where nothing is seen.
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

/// How one head's key or value becomes integers of at most L = Cache::largest: scale = max|x| / L,
/// q = round to nearest even of x * (L / max|x|). The scale is NaN and all q are 0 if a value is not finite.
struct head_scale {
    float scale;
    float inverse;  ///< 0 where all q are 0

    /// `largest_bits`: the largest magnitude as bits. As integers magnitudes keep their order and a NaN comes last.
    head_scale(std::uint32_t largest_bits, float largest_code) noexcept {
        const float largest = std::bit_cast<float>(largest_bits);
        const bool finite = largest_bits < 0x7f800000u;
        const bool zero = !finite || largest < 0x1p-100f;  // below, the inverse may not be finite
        scale = !finite ? std::numeric_limits<float>::quiet_NaN() : zero ? 0.0f : largest / largest_code;
        inverse = zero ? 0.0f : largest_code / largest;
    }
};

namespace kernels::attention_scalar {

[[nodiscard]] inline float to_float(std::uint16_t half) noexcept { return half_to_float(half); }
[[nodiscard]] inline float to_float(std::int16_t code) noexcept { return static_cast<float>(code); }
[[nodiscard]] inline float to_float(std::int8_t code) noexcept { return static_cast<float>(code); }

/// One value as it is stored.
inline void encode(float x, float, std::uint16_t& code) noexcept { code = float_to_half(x); }
template <class Code>
inline void encode(float x, float inverse, Code& code) noexcept {
    code = inverse > 0 ? static_cast<Code>(std::nearbyint(x * inverse)) : Code{0};
}

inline std::uint32_t largest_magnitude(const float* x, std::size_t n) noexcept {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < n; ++i) bits = std::max(bits, std::bit_cast<std::uint32_t>(x[i]) & 0x7fffffffu);
    return bits;
}

template <class Cache>
inline void store(const float* k, const float* v, std::size_t head_dim, std::size_t position,
                  std::byte* block) noexcept {
    const cache_block<Cache> to{block, head_dim};
    float k_inverse = 0, v_inverse = 0;
    if constexpr (Cache::scaled) {
        const head_scale key{largest_magnitude(k, head_dim), Cache::largest};
        const head_scale value{largest_magnitude(v, head_dim), Cache::largest};
        to.key_scales[position] = key.scale;
        to.value_scales[position] = value.scale;
        k_inverse = key.inverse;
        v_inverse = value.inverse;
    }
    for (std::size_t d = 0; d < head_dim; ++d) {
        encode(k[d], k_inverse, to.keys[to.key(position, d, head_dim)]);
        encode(v[d], v_inverse, to.values[to.value(position, d)]);
    }
}

/// Scores: one chain of fma over the dimensions, in order, then the cap. Weights: 2^(score - max), summed into 16 lanes
/// by position modulo 16, the lanes folded in halves. Outputs: one chain of fma over the positions, in order.
template <class Cache>
inline void attend(const attention_queries& queries, const std::byte* block, const attention_partial& out,
                   const attention_work& work) noexcept {
    const std::size_t head_dim = queries.head_dim;
    const cache_block<Cache> cache{const_cast<std::byte*>(block), head_dim};  // only read
    for (std::size_t r = 0; r < queries.rows; ++r) {
        const float* q = queries.q + r * head_dim;
        const std::size_t first = queries.first_of(r), end = queries.end_of(r);
        float* weights = work.scores + r * attention_block;

        float max = -std::numeric_limits<float>::infinity();
        for (std::size_t i = first; i < end; ++i) {
            float score = 0;
            for (std::size_t d = 0; d < head_dim; ++d)
                score = exact_fma(q[d], to_float(cache.keys[cache.key(i, d, head_dim)]), score);
            if constexpr (Cache::scaled) score = exact_fma(score, cache.key_scales[i], 0.0f);
            if (queries.cap > 0) score = soft_cap_value(score, queries.cap);
            weights[i] = score;
            max = max > score ? max : score;
        }

        float lanes[attention_panel] = {};
        for (std::size_t i = first; i < end; ++i) {
            const float weight = exp2_nonpositive(weights[i] - max);
            lanes[i % attention_panel] += weight;
            weights[i] = Cache::scaled ? weight * cache.value_scales[i] : weight;
        }
        for (std::size_t width = attention_panel / 2; width > 0; width /= 2)
            for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];

        out.max[r] = max;
        out.sum[r] = lanes[0];
        float* acc = out.acc + r * cache.padded(head_dim);
        for (std::size_t d = 0; d < head_dim; ++d) {
            acc[d] = 0;
            for (std::size_t i = first; i < end; ++i)
                acc[d] = exact_fma(weights[i], to_float(cache.values[cache.value(i, d)]), acc[d]);
        }
    }
}

inline void merge(const attention_partial& total, const attention_partial& next, std::size_t rows,
                  std::size_t head_dim) noexcept {
    const std::size_t stride = padded_head_dim(head_dim);
    for (std::size_t r = 0; r < rows; ++r) {
        const float max = total.max[r] > next.max[r] ? total.max[r] : next.max[r];
        const float a = exp2_nonpositive(total.max[r] - max);
        const float b = exp2_nonpositive(next.max[r] - max);
        total.max[r] = max;
        total.sum[r] = exact_fma(next.sum[r], b, exact_product(total.sum[r], a));
        for (std::size_t d = 0; d < head_dim; ++d) {
            float& acc = total.acc[r * stride + d];
            acc = exact_fma(next.acc[r * stride + d], b, exact_product(acc, a));
        }
    }
}

inline void finish(const attention_partial& total, std::size_t rows, std::size_t head_dim, float* out) noexcept {
    const std::size_t stride = padded_head_dim(head_dim);
    for (std::size_t r = 0; r < rows; ++r) {
        const float inverse = 1.0f / total.sum[r];
        for (std::size_t d = 0; d < head_dim; ++d) out[r * head_dim + d] = total.acc[r * stride + d] * inverse;
    }
}

template <class Cache>
inline constexpr attention_kernels table{&store<Cache>, &attend<Cache>, &merge, &finish};

}  // namespace kernels::attention_scalar
NIBBLE_NAMESPACE_END
