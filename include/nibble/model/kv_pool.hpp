// SPDX-License-Identifier: Apache-2.0
// The memory for keys and values that the sequences of an engine share, in blocks of 128 positions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/config.hpp>
#include <nibble/kernels/attention/attention.hpp>
#include <nibble/model/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What the memory for keys and values depends on, beside the model.
struct kv_shape {
    cache_type type = cache_type::q16;
    std::size_t positions;      ///< of all sequences together; what sequences share counts once
    std::size_t sequences = 1;  ///< that make them up
    std::size_t batch = 1;      ///< most tokens in one forward pass, and how far back a sequence can always go
};

/// Layers that see equally far back share blocks: a block holds 128 positions of all of them, [layer][n_kv_heads] keys
/// and values as the attention kernels lay them out, or [layer][128][n_embd] floats that a convolution has seen. Layers
/// with a window need no more than window + batch positions of a sequence, and have no more blocks than that takes of
/// all sequences.
/// Pages that no position has reached are not resident. Calls may come from any thread.
class kv_pool {
public:
    struct layer_group {
        std::size_t window;       ///< positions that its layers see, the token's own included
        std::size_t block_bytes;  ///< of one block
        std::size_t n_blocks;
        std::size_t per_sequence;  ///< blocks that a sequence has at most
    };
    struct place {
        std::size_t group;
        std::size_t offset;  ///< in bytes, within a block
    };

    /// Throws errc::out_of_memory. `shape.positions` >= 1.
    kv_pool(const model_config& config, const kv_shape& shape)
        : type_(shape.type),
          n_embd_(config.n_embd),
          head_block_bytes_(cache_block_bytes(shape.type, config.head_dim)),
          batch_(shape.batch),
          n_sequences_(shape.sequences),
          memory_(bytes(config, shape)) {
        std::size_t at = 0;
        for (const layer_group& of : groups_of(config, shape)) {
            groups_.push_back({of, at, 0, aligned_buffer<std::uint32_t>{of.n_blocks}, {}});
            groups_.back().returned.reserve(of.n_blocks);  // giving back cannot fail
            at += of.n_blocks * of.block_bytes;
        }
        std::vector<std::size_t> filled(groups_.size());
        for (std::size_t i = 0; i < config.n_layers; ++i) {
            const std::size_t window = window_of(config, i, shape);
            std::size_t g = 0;
            while (groups_[g].window != window) ++g;
            places_.push_back({g, filled[g]});
            filled[g] += layer_bytes(config, i, shape.type);
        }
    }

    /// What the constructor takes, beside 8 bytes a block: for each layer, for each block of 128 positions, n_kv_heads
    /// * cache_block_bytes, or 512 * n_embd for a convolution. A block of a head takes 512 * head_dim bytes as f16 (72
    /// KiB a position for SmolLM3-3B), 256 * head_dim + 1024 as q8.
    [[nodiscard]] static std::size_t bytes(const model_config& config, const kv_shape& shape) {
        std::size_t total = 0;
        for (const layer_group& of : groups_of(config, shape)) total += of.n_blocks * of.block_bytes;
        return total;
    }

    [[nodiscard]] cache_type type() const noexcept { return type_; }
    [[nodiscard]] std::size_t batch() const noexcept { return batch_; }
    [[nodiscard]] std::size_t n_sequences() const noexcept { return n_sequences_; }
    [[nodiscard]] std::size_t n_embd() const noexcept { return n_embd_; }
    [[nodiscard]] std::size_t n_groups() const noexcept { return groups_.size(); }
    [[nodiscard]] const layer_group& group_at(std::size_t index) const noexcept { return groups_[index]; }
    [[nodiscard]] const place& layer(std::size_t index) const noexcept { return places_[index]; }
    /// Of one head of one layer.
    [[nodiscard]] std::size_t head_block_bytes() const noexcept { return head_block_bytes_; }
    [[nodiscard]] std::byte* block(std::size_t group, std::size_t number) noexcept {
        return memory_.data() + groups_[group].begin + number * groups_[group].block_bytes;
    }

    [[nodiscard]] std::size_t n_free(std::size_t group) const {
        const std::lock_guard lock{mutex_};
        const blocks& of = groups_[group];
        return of.n_blocks - of.n_begun + of.returned.size();
    }

    /// A block that nobody has. n_free(group) > 0.
    [[nodiscard]] std::uint32_t take(std::size_t group) {
        const std::lock_guard lock{mutex_};
        blocks& of = groups_[group];
        std::uint32_t number = static_cast<std::uint32_t>(of.n_begun);
        if (of.returned.empty()) {
            ++of.n_begun;
        } else {
            number = of.returned.back();
            of.returned.pop_back();
        }
        of.n_users.data()[number] = 1;
        return number;
    }
    /// One more sequence has the block.
    void share(std::size_t group, std::uint32_t number) noexcept {
        const std::lock_guard lock{mutex_};
        ++groups_[group].n_users.data()[number];
    }
    /// A sequence that had the block has it no more.
    void give_back(std::size_t group, std::uint32_t number) noexcept {
        const std::lock_guard lock{mutex_};
        blocks& of = groups_[group];
        if (--of.n_users.data()[number] == 0) of.returned.push_back(number);
    }
    [[nodiscard]] bool is_shared(std::size_t group, std::uint32_t number) const noexcept {
        const std::lock_guard lock{mutex_};
        return groups_[group].n_users.data()[number] > 1;
    }

private:
    struct blocks : layer_group {
        std::size_t begin;    // in memory_
        std::size_t n_begun;  // numbers below it have been in use
        aligned_buffer<std::uint32_t> n_users;
        std::vector<std::uint32_t> returned;
    };

    [[nodiscard]] static std::size_t blocks_for(std::size_t positions) noexcept {
        return positions / attention_block + (positions % attention_block == 0 ? 0 : 1);
    }

    [[nodiscard]] static bool convolves(const model_config& config, std::size_t layer) noexcept {
        return layer < config.layers.size() && config.layers[layer].convolution;
    }

    /// What layer `layer` keeps of a block.
    [[nodiscard]] static std::size_t layer_bytes(const model_config& config, std::size_t layer,
                                                 cache_type type) noexcept {
        return convolves(config, layer) ? attention_block * config.n_embd * sizeof(float)
                                        : config.n_kv_heads * cache_block_bytes(type, config.head_dim);
    }

    /// As config.layers has it; no_window where that is more than all positions.
    [[nodiscard]] static std::size_t window_of(const model_config& config, std::size_t layer,
                                               const kv_shape& shape) noexcept {
        if (layer >= config.layers.size()) return no_window;
        const std::size_t window = convolves(config, layer) ? config.conv_length : config.layers[layer].window;
        return window < shape.positions && per_sequence(window, shape) < blocks_for(shape.positions) ? window
                                                                                                     : no_window;
    }

    /// The blocks that window + batch positions of a sequence are in, wherever they begin.
    [[nodiscard]] static std::size_t per_sequence(std::size_t window, const kv_shape& shape) noexcept {
        return blocks_for(window + shape.batch) + 1;
    }

    [[nodiscard]] static std::vector<layer_group> groups_of(const model_config& config, const kv_shape& shape) {
        std::vector<layer_group> groups;
        const std::size_t most = blocks_for(shape.positions);
        for (std::size_t i = 0; i < config.n_layers; ++i) {
            const std::size_t window = window_of(config, i, shape), bytes = layer_bytes(config, i, shape.type);
            const auto same =
                std::find_if(groups.begin(), groups.end(), [=](const layer_group& g) { return g.window == window; });
            if (same != groups.end()) {
                same->block_bytes += bytes;
                continue;
            }
            const std::size_t kept = window == no_window ? most : per_sequence(window, shape);
            groups.push_back({window, bytes, most / kept < shape.sequences ? most : kept * shape.sequences, kept});
        }
        return groups;
    }

    cache_type type_;
    std::size_t n_embd_;
    std::size_t head_block_bytes_;
    std::size_t batch_;
    std::size_t n_sequences_;
    std::vector<blocks> groups_;
    std::vector<place> places_;  // of each layer
    aligned_buffer<std::byte> memory_;
    mutable std::mutex mutex_;
};

NIBBLE_NAMESPACE_END
