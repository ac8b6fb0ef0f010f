// SPDX-License-Identifier: Apache-2.0
// The keys and values of the tokens that a session has read.
#pragma once

#include <cstddef>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/config.hpp>
#include <nibble/kernels/attention/attention.hpp>
#include <nibble/model/config.hpp>
#include <nibble/ops/attention.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Memory for `capacity()` positions: [n_layers][n_kv_heads][blocks of 128 positions], a block laid out for the
/// attention kernels (kernels/attention/attention.hpp). Pages that no position has reached are not resident.
/// Rows beyond position() may hold anything: a forward pass writes its rows first and commits them last, so that a
/// pass that never ends leaves the cache as it was.
class kv_cache {
public:
    /// Throws errc::out_of_memory. `capacity` >= 1.
    kv_cache(const model_config& config, std::size_t capacity, cache_type type)
        : type_(type),
          capacity_(capacity),
          n_kv_heads_(config.n_kv_heads),
          n_blocks_(blocks_for(capacity)),
          block_bytes_(cache_block_bytes(type, config.head_dim)),
          memory_(bytes(config, capacity, type)) {}

    /// What the constructor takes: n_layers * n_kv_heads * ceil(capacity / 128) * cache_block_bytes. A block of 128
    /// positions takes 512 * head_dim bytes as f16 (72 KiB a position for SmolLM3-3B), 256 * head_dim + 1024 as q8.
    [[nodiscard]] static std::size_t bytes(const model_config& config, std::size_t capacity, cache_type type) noexcept {
        return config.n_layers * config.n_kv_heads * blocks_for(capacity) * cache_block_bytes(type, config.head_dim);
    }

    [[nodiscard]] cache_type type() const noexcept { return type_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::size_t n_blocks() const noexcept { return n_blocks_; }

    /// Positions that are filled: the position of the next token.
    [[nodiscard]] std::size_t position() const noexcept { return position_; }

    /// Makes the next n rows, which all layers have written, part of the cache. position() + n <= capacity().
    void commit(std::size_t n) noexcept { position_ += n; }

    /// Forgets the positions from `position` on. `position` <= position().
    void rewind(std::size_t position) noexcept { position_ = position; }

    [[nodiscard]] kv_layer layer(std::size_t index) noexcept {
        return {memory_.data() + index * n_kv_heads_ * n_blocks_ * block_bytes_, n_blocks_, block_bytes_};
    }

private:
    [[nodiscard]] static std::size_t blocks_for(std::size_t capacity) noexcept {
        return (capacity + attention_block - 1) / attention_block;
    }

    cache_type type_;
    std::size_t capacity_;
    std::size_t n_kv_heads_;
    std::size_t n_blocks_;
    std::size_t block_bytes_;
    std::size_t position_ = 0;
    aligned_buffer<std::byte> memory_;
};

NIBBLE_NAMESPACE_END
