// SPDX-License-Identifier: Apache-2.0
// Causal attention of a batch of tokens, of one sequence or several, over the cached keys and values of one layer.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <numbers>
#include <span>
#include <utility>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/any_of.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/kernels/attention/attention.hpp>
#include <nibble/ops/block_table.hpp>
#include <nibble/ops/executor.hpp>

NIBBLE_NAMESPACE_BEGIN

struct attention_shape {
    std::size_t n_heads;
    std::size_t n_kv_heads;  ///< query head h reads key/value head h / (n_heads / n_kv_heads)
    std::size_t head_dim;

    [[nodiscard]] constexpr std::size_t group() const noexcept { return n_heads / n_kv_heads; }
};

/// Stores key and value ([n_kv_heads][head_dim]) of one position.
inline void store_position(const attention_kernels& kernels, const attention_shape& shape, const kv_layer& cache,
                           std::size_t position, const float* k, const float* v) noexcept {
    for (std::size_t head = 0; head < shape.n_kv_heads; ++head)
        kernels.store(k + head * shape.head_dim, v + head * shape.head_dim, shape.head_dim, position % attention_block,
                      cache.block(head, position / attention_block));
}

/// Work areas of attention(), taken once: some rows for each worker, and the partial results of a single token.
class attention_workspace {
public:
    attention_workspace(const attention_shape& shape, std::size_t n_blocks, std::size_t n_threads)
        : shape_(shape), n_threads_(n_threads), memory_(n_floats(shape, n_blocks, n_threads)) {}

    /// 4 bytes times: for each thread rows * (head_dim + 128 + 2 padded + 4) + 16 max(head_dim, 128) values, where
    /// rows = 128 or so and padded = head_dim rounded up to 16; then n_blocks * n_heads * (padded + 2) partial results.
    /// For 16 heads of 128, 2 threads and 4096 positions: 0.8 MB.
    [[nodiscard]] static std::size_t bytes(const attention_shape& shape, std::size_t n_blocks,
                                           std::size_t n_threads) noexcept {
        return n_floats(shape, n_blocks, n_threads) * sizeof(float);
    }

    /// Tokens whose queries of one key/value head are worked on together. A power of two, so that no tile crosses a
    /// block. About 128 rows: reading a cached panel and converting it to floats is then a small part of multiplying
    /// with it (5 % faster than 64 rows), and what a worker writes stays in 280 KiB of L2.
    [[nodiscard]] static std::size_t tile_tokens(const attention_shape& shape) noexcept {
        return std::bit_floor(std::clamp<std::size_t>(128 / shape.group(), 1, attention_block));
    }

    struct worker_area {
        float* q;
        attention_work work;
        attention_partial total;
        attention_partial next;
    };

    [[nodiscard]] worker_area area(std::size_t worker) noexcept {
        const std::size_t rows = tile_tokens(shape_) * shape_.group();
        float* at = memory_.data() + worker * worker_floats(shape_);
        const auto take = [&at](std::size_t n) { return std::exchange(at, at + n); };
        worker_area area;
        area.work.panel = take(std::max(shape_.head_dim, attention_block) * attention_panel);  // aligned vectors first
        area.work.scores = take(rows * attention_block);
        area.total.acc = take(rows * padded_head_dim(shape_.head_dim));
        area.next.acc = take(rows * padded_head_dim(shape_.head_dim));
        area.q = take(rows * shape_.head_dim);
        for (attention_partial* partial : {&area.total, &area.next}) {
            partial->max = take(rows);
            partial->sum = take(rows);
        }
        return area;
    }

    /// Partial result of the group of `kv_head` over the block that is number `index` of those that a token sees.
    [[nodiscard]] attention_partial partial(std::size_t kv_head, std::size_t index) noexcept {
        const std::size_t group = shape_.group(), padded = padded_head_dim(shape_.head_dim);
        float* at = memory_.data() + n_threads_ * worker_floats(shape_) +
                    (index * shape_.n_kv_heads + kv_head) * group * (padded + 2);
        return {.max = at + group * padded, .sum = at + group * (padded + 1), .acc = at};
    }

private:
    [[nodiscard]] static std::size_t worker_floats(const attention_shape& shape) noexcept {
        const std::size_t rows = tile_tokens(shape) * shape.group();
        const std::size_t n = rows * (shape.head_dim + attention_block + 2 * (padded_head_dim(shape.head_dim) + 2)) +
                              std::max(shape.head_dim, attention_block) * attention_panel;
        return (n + 31) / 32 * 32;  // workers share no pair of cache lines
    }
    [[nodiscard]] static std::size_t n_floats(const attention_shape& shape, std::size_t n_blocks,
                                              std::size_t n_threads) noexcept {
        return n_threads * worker_floats(shape) + n_blocks * shape.n_heads * (padded_head_dim(shape.head_dim) + 2);
    }

    attention_shape shape_;
    std::size_t n_threads_;
    aligned_buffer<float> memory_;
};

/// The tokens of one sequence in a call of attention(), one after the other.
struct attention_part {
    kv_layer cache;     ///< keys and values of all positions up to the last token's are stored
    std::size_t first;  ///< row of q and of out that is its first token's
    std::size_t n_tokens;
    std::size_t position;  ///< of the first token; it sees itself and those before it, each further token one more
};

/// One call of attention().
struct attention_call {
    const attention_kernels& kernels;
    attention_shape shape;
    array_view<attention_part> parts;  ///< at least one
    const float* q;                    ///< [tokens of all parts][n_heads][head_dim]
    std::size_t window;                ///< how many positions a token sees at most, itself included
    float scale;                       ///< multiplies query . key
    float cap = 0;                     ///< of that product, which becomes cap * tanh(product / cap); 0: none
    /// [n_heads]  A score of each head for nothing: it takes its part of the softmax and has no value. Empty: none.
    std::span<const float> sinks = {};
    float* out;  ///< as q; may be q
    attention_workspace& workspace;

    /// The cap in units of the scores that kernels see.
    [[nodiscard]] float score_cap() const noexcept { return cap * std::numbers::log2e_v<float>; }

    /// The first block that the token at `at` sees some of.
    [[nodiscard]] std::size_t first_block(std::size_t at) const noexcept {
        return (at + 1 - std::min(at + 1, window)) / attention_block;
    }
};

namespace detail {

/// Copies the queries of one token and key/value head, scaled so that 2^score is the weight.
inline void scale_queries(const attention_call& call, std::size_t token, std::size_t kv_head, float* to) noexcept {
    const std::size_t n = call.shape.group() * call.shape.head_dim;
    const float* q = call.q + (token * call.shape.n_kv_heads + kv_head) * n;
    const float scale = call.scale * std::numbers::log2e_v<float>;
    for (std::size_t i = 0; i < n; ++i) to[i] = q[i] * scale;
}

/// The sinks of `rows` queries of a key/value head -> total, as the last block: one position whose value is 0. `spare`
/// has room for so many rows.
inline void add_sinks(const attention_call& call, std::size_t kv_head, std::size_t rows, const attention_partial& total,
                      const attention_partial& spare) noexcept {
    if (call.sinks.empty()) return;
    const std::size_t group = call.shape.group(), head_dim = call.shape.head_dim;
    for (std::size_t r = 0; r < rows; ++r) {
        spare.max[r] = call.sinks[kv_head * group + r % group] * std::numbers::log2e_v<float>;
        spare.sum[r] = 1;
    }
    std::fill_n(spare.acc, rows * padded_head_dim(head_dim), 0.0f);
    call.kernels.merge(total, spare, rows, head_dim);
}

/// Tokens begin .. end - 1 of a part, which lie in one block of positions, for one key/value head.
inline void attend_tile(const attention_call& call, const attention_part& part, std::size_t kv_head, std::size_t begin,
                        std::size_t end, std::size_t worker) noexcept {
    const std::size_t group = call.shape.group(), head_dim = call.shape.head_dim, rows = (end - begin) * group;
    const auto area = call.workspace.area(worker);
    for (std::size_t t = begin; t < end; ++t)
        scale_queries(call, part.first + t, kv_head, area.q + (t - begin) * group * head_dim);

    const std::size_t position = part.position + begin;
    const std::size_t first_block = call.first_block(position), last_block = position / attention_block;
    for (std::size_t b = first_block; b <= last_block; ++b) {
        const attention_queries queries{
            area.q, rows, group, head_dim, position - b * attention_block, call.window, call.score_cap()};
        const auto& partial = b == first_block ? area.total : area.next;
        call.kernels.attend(queries, part.cache.block(kv_head, b), partial, area.work);
        if (b > first_block) call.kernels.merge(area.total, partial, rows, head_dim);
    }
    add_sinks(call, kv_head, rows, area.total, area.next);

    for (std::size_t t = begin; t < end; ++t) {
        const std::size_t r = (t - begin) * group;
        const attention_partial total{area.total.max + r, area.total.sum + r,
                                      area.total.acc + r * padded_head_dim(head_dim)};
        call.kernels.finish(total, group, head_dim,
                            call.out + ((part.first + t) * call.shape.n_heads + kv_head * group) * head_dim);
    }
}

/// Many tokens: tiles of tokens are spread over threads, the last ones of a sequence, which see most, first.
inline void attend_tiles(executor& exec, const attention_call& call) noexcept {
    const std::size_t n_kv_heads = call.shape.n_kv_heads;
    std::size_t n_tokens = 0, n_tiles = 0, tile = attention_workspace::tile_tokens(call.shape);
    for (const attention_part& part : call.parts) n_tokens += part.n_tokens;
    while (tile > 1 && n_kv_heads * (n_tokens / tile) < exec.n_threads()) tile /= 2;
    const auto tiles_of = [tile](const attention_part& part) {
        return (part.position + part.n_tokens - 1) / tile + 1 - part.position / tile;
    };
    for (const attention_part& part : call.parts) n_tiles += tiles_of(part);
    exec.for_blocks(n_tiles * n_kv_heads, 1, [&](std::size_t item, std::size_t, std::size_t worker) {
        std::size_t index = n_tiles - 1 - item / n_kv_heads;  // within all parts, then within one
        const attention_part* part = call.parts.data();
        for (; index >= tiles_of(*part); ++part) index -= tiles_of(*part);
        const std::size_t start = (part->position / tile + index) * tile;  // a position
        const std::size_t begin = std::max(start, part->position) - part->position;
        const std::size_t end = std::min(start + tile - part->position, part->n_tokens);
        attend_tile(call, *part, item % n_kv_heads, begin, end, worker);
    });
}

/// One token: blocks of positions are spread over threads, their results merged afterwards.
inline void attend_blocks(executor& exec, const attention_call& call, const attention_part& part) noexcept {
    const std::size_t n_kv_heads = call.shape.n_kv_heads, group = call.shape.group(), head_dim = call.shape.head_dim;
    const std::size_t first_block = call.first_block(part.position);
    const std::size_t n_blocks = part.position / attention_block + 1 - first_block;
    exec.for_blocks(n_kv_heads * n_blocks, 1, [&](std::size_t item, std::size_t, std::size_t worker) {
        const std::size_t kv_head = item / n_blocks, i = item % n_blocks, b = first_block + i;
        const auto area = call.workspace.area(worker);
        scale_queries(call, part.first, kv_head, area.q);
        const std::size_t ahead = part.position - b * attention_block;
        call.kernels.attend({area.q, group, group, head_dim, ahead, call.window, call.score_cap()},
                            part.cache.block(kv_head, b), call.workspace.partial(kv_head, i), area.work);
    });
    float* out = call.out + part.first * call.shape.n_heads * head_dim;
    // below 32 blocks merging takes less time than waking a thread
    exec.for_blocks(n_kv_heads, n_blocks < 32 ? n_kv_heads : 1,
                    [&](std::size_t begin, std::size_t end, std::size_t worker) {
                        for (std::size_t kv_head = begin; kv_head < end; ++kv_head) {
                            const attention_partial total = call.workspace.partial(kv_head, 0);
                            for (std::size_t i = 1; i < n_blocks; ++i)
                                call.kernels.merge(total, call.workspace.partial(kv_head, i), group, head_dim);
                            add_sinks(call, kv_head, group, total, call.workspace.area(worker).next);
                            call.kernels.finish(total, group, head_dim, out + kv_head * group * head_dim);
                        }
                    });
}

}  // namespace detail

/// out = softmax(scale * q . keys) . values for each token and head. The result depends on the tokens before it in its
/// sequence and on nothing else: blocks of positions are absolute and merged in ascending order, whoever computes them.
/// A window begins inside a block; the blocks before it are not read.
inline void attention(executor& exec, const attention_call& call) noexcept {
    // a few single tokens: their heads alone would leave threads without work
    const bool single = all_of(call.parts, [](auto& part) { return part.n_tokens == 1; });
    const bool few = call.parts.size() == 1 || call.parts.size() * call.shape.n_kv_heads < 2 * exec.n_threads();
    if (!single || !few) return detail::attend_tiles(exec, call);
    for (const attention_part& part : call.parts) detail::attend_blocks(exec, call, part);
}

NIBBLE_NAMESPACE_END
