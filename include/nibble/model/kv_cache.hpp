// SPDX-License-Identifier: Apache-2.0
// The keys and values of the tokens that a session has read.
#pragma once

#include <cstddef>
#include <vector>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/config.hpp>
#include <nibble/kernels/attention/attention.hpp>
#include <nibble/model/config.hpp>
#include <nibble/ops/attention.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Memory for `capacity()` positions, layer by layer: [n_kv_heads][blocks of 128 positions], a block laid out for the
/// attention kernels (kernels/attention/attention.hpp); of a layer with a convolution [position][n_embd] floats, what
/// it has seen at every position, so that going back is exact there too. Pages that no position has reached are not
/// resident. Rows beyond position() may hold anything: a forward pass writes its rows first and commits them last, so
/// that a pass that never ends leaves the cache as it was.
class kv_cache {
public:
    /// Throws errc::out_of_memory. `capacity` >= 1.
    kv_cache(const model_config& config, std::size_t capacity, cache_type type)
        : type_(type),
          capacity_(capacity),
          n_kv_heads_(config.n_kv_heads),
          n_blocks_(blocks_for(capacity)),
          block_bytes_(cache_block_bytes(type, config.head_dim)),
          memory_(bytes(config, capacity, type)) {
        begins_.reserve(config.n_layers);
        std::size_t at = 0;
        for (std::size_t i = 0; i < config.n_layers; ++i) {
            begins_.push_back(at);
            const bool convolves = i < config.layers.size() && config.layers[i].convolution;  // by default none does
            at += convolves ? history_bytes(config, capacity) : n_kv_heads_ * n_blocks_ * block_bytes_;
        }
    }

    /// What the constructor takes: for each layer n_kv_heads * ceil(capacity / 128) * cache_block_bytes, or the
    /// capacity in whole blocks * 4 n_embd for a convolution. A block of 128 positions takes 512 * head_dim bytes as
    /// f16 (72 KiB a position for SmolLM3-3B), 256 * head_dim + 1024 as q8.
    [[nodiscard]] static std::size_t bytes(const model_config& config, std::size_t capacity, cache_type type) noexcept {
        const std::size_t n_convolutions = config.n_convolutions();
        return (config.n_layers - n_convolutions) * config.n_kv_heads * blocks_for(capacity) *
                   cache_block_bytes(type, config.head_dim) +
               n_convolutions * history_bytes(config, capacity);
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
        return {memory_.data() + begins_[index], n_blocks_, block_bytes_};
    }

    /// [capacity][n_embd] of a layer with a convolution.
    [[nodiscard]] float* history(std::size_t index) noexcept {
        return reinterpret_cast<float*>(memory_.data() + begins_[index]);
    }

private:
    [[nodiscard]] static std::size_t history_bytes(const model_config& config, std::size_t capacity) noexcept {
        return blocks_for(capacity) * attention_block * config.n_embd * sizeof(float);
    }
    [[nodiscard]] static std::size_t blocks_for(std::size_t capacity) noexcept {
        return (capacity + attention_block - 1) / attention_block;
    }

    cache_type type_;
    std::size_t capacity_;
    std::size_t n_kv_heads_;
    std::size_t n_blocks_;
    std::size_t block_bytes_;
    std::vector<std::size_t> begins_;  // of each layer, in bytes
    std::size_t position_ = 0;
    aligned_buffer<std::byte> memory_;
};

NIBBLE_NAMESPACE_END
