// SPDX-License-Identifier: Apache-2.0
// The keys and values of the tokens of one sequence: which blocks of the pool hold which positions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/model/kv_pool.hpp>
#include <nibble/ops/block_table.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Rows beyond position() may hold anything: a forward pass writes its rows first and commits them last, so that a pass
/// that never ends leaves the cache as it was. A copy shares all blocks; the first of both to write into the last one,
/// if it is not full, gets its own. Layers with a window keep window + batch positions behind position().
class kv_cache {
public:
    explicit kv_cache(std::shared_ptr<kv_pool> pool) : pool_(std::move(pool)), tables_(pool_->n_groups()) {}

    kv_cache(const kv_cache& other) : pool_(other.pool_), tables_(other.tables_), position_(other.position_) {
        for (table& of : tables_) of.blocks.resize(blocks_for(position_));  // without those of a pass that did not end
        for_each_block([this](std::size_t g, std::uint32_t number) { pool_->share(g, number); });
    }
    kv_cache(kv_cache&& other) noexcept
        : pool_(std::move(other.pool_)),
          tables_(std::exchange(other.tables_, {})),
          position_(std::exchange(other.position_, 0)) {}
    kv_cache& operator=(kv_cache other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(tables_, other.tables_);
        std::swap(position_, other.position_);
        return *this;
    }
    ~kv_cache() {
        for_each_block([this](std::size_t g, std::uint32_t number) { pool_->give_back(g, number); });
    }

    [[nodiscard]] const std::shared_ptr<kv_pool>& pool() const noexcept { return pool_; }

    /// Positions that are filled: the position of the next token.
    [[nodiscard]] std::size_t position() const noexcept { return position_; }

    /// The least position that it can go back to, beside 0: before it layers with a window have forgotten.
    [[nodiscard]] std::size_t earliest() const noexcept {
        std::size_t least = 0;
        for (std::size_t g = 0; g < tables_.size(); ++g)
            if (tables_[g].first > 0)
                least = std::max(least, tables_[g].first * attention_block + pool_->group_at(g).window - 1);
        return least;
    }

    /// Whether rewind() can go to `position`: 0, or earliest() to position().
    [[nodiscard]] bool keeps(std::size_t position) const noexcept {
        return position == 0 || (position >= earliest() && position <= position_);
    }
    /// Forgets the positions from `position` on, which it keeps().
    void rewind(std::size_t position) noexcept {
        position_ = position;
        for (std::size_t g = 0; g < tables_.size(); ++g) {
            const std::size_t n_kept = std::min(blocks_for(position), tables_[g].blocks.size());
            give_back(g, n_kept, tables_[g].blocks.size());
            tables_[g].blocks.resize(n_kept);
            if (position == 0) tables_[g].first = 0;
        }
    }

    /// What it holds, for who writes or fills it: the blocks from first_block() of a group on, by position / 128.
    [[nodiscard]] std::size_t first_block(std::size_t group) const noexcept { return tables_[group].first; }
    [[nodiscard]] std::size_t n_blocks() const noexcept { return blocks_for(position_); }
    [[nodiscard]] std::span<std::byte> block(std::size_t group, std::size_t index) const noexcept {
        return {pool_->block(group, tables_[group].blocks[index]), pool_->group_at(group).block_bytes};
    }
    /// An empty cache becomes one of `position` positions, without the blocks of each group before `first`, and with
    /// anything in the others. false, and nothing has changed: no cache is like that, or the pool has not the blocks.
    [[nodiscard]] bool assume(std::size_t position, array_view<std::size_t> first) {
        for (std::size_t g = 0; g < tables_.size(); ++g) {
            const std::size_t window = pool_->group_at(g).window;
            if (first[g] > position / attention_block || blocks_for(position) - first[g] > pool_->n_free(g))
                return false;
            if (first[g] > 0 && (window == no_window || first[g] * attention_block + window - 1 > position))
                return false;
        }
        for (std::size_t g = 0; g < tables_.size(); ++g) {
            tables_[g].first = first[g];
            tables_[g].blocks.resize(first[g]);
        }
        take_blocks(position);
        position_ = position;
        return true;
    }

    /// Blocks for a table of `positions`, so that taking them allocates nothing.
    void reserve(std::size_t positions) {
        for (table& of : tables_) of.blocks.reserve(blocks_for(positions));
    }

    /// How many blocks of a group it takes for n further positions, not counting what it gives back.
    [[nodiscard]] std::size_t blocks_to_take(std::size_t group, std::size_t n) const noexcept {
        const std::size_t n_needed = blocks_for(position_ + n), n_held = tables_[group].blocks.size();
        return n_needed - std::min(n_needed, n_held) + (shares_last(group) ? 1 : 0);
    }
    /// Gives back the blocks that no token from position() + n on, nor one `batch` before it, sees.
    void forget_before(std::size_t n) noexcept {
        for (std::size_t g = 0; g < tables_.size(); ++g) {
            const std::size_t kept = first_kept(g, n);
            give_back(g, tables_[g].first, kept);
            tables_[g].first = std::max(tables_[g].first, kept);
        }
    }
    /// Takes the blocks for the next n positions. The pool has as many.
    void take_blocks(std::size_t n) {
        for (std::size_t g = 0; g < tables_.size(); ++g) {
            std::vector<std::uint32_t>& blocks = tables_[g].blocks;
            const std::size_t n_needed = blocks_for(position_ + n);
            blocks.reserve(n_needed);
            if (shares_last(g)) {
                std::uint32_t& last = blocks[position_ / attention_block];
                const std::uint32_t own = pool_->take(g);
                std::memcpy(pool_->block(g, own), pool_->block(g, last), pool_->group_at(g).block_bytes);
                pool_->give_back(g, std::exchange(last, own));
            }
            while (blocks.size() < n_needed) blocks.push_back(pool_->take(g));
        }
    }

    /// Makes the next n rows, which all layers have written, part of the cache. There are blocks for them.
    void commit(std::size_t n) noexcept { position_ += n; }

    [[nodiscard]] kv_layer layer(std::size_t index) const noexcept {
        return {blocks_of(index), pool_->head_block_bytes()};
    }
    /// Of a layer with a convolution.
    [[nodiscard]] convolution_history history(std::size_t index) const noexcept {
        return {blocks_of(index), pool_->n_embd()};
    }

private:
    struct table {
        std::vector<std::uint32_t> blocks;  // by position / 128; those before `first` were given back
        std::size_t first = 0;
    };

    [[nodiscard]] static std::size_t blocks_for(std::size_t positions) noexcept {
        return (positions + attention_block - 1) / attention_block;
    }

    [[nodiscard]] block_table blocks_of(std::size_t layer) const noexcept {
        const auto [group, offset] = pool_->layer(layer);
        return {pool_->block(group, 0) + offset, pool_->group_at(group).block_bytes, tables_[group].blocks.data()};
    }

    /// The first block of a group that is still needed with n positions more.
    [[nodiscard]] std::size_t first_kept(std::size_t group, std::size_t n) const noexcept {
        const std::size_t window = pool_->group_at(group).window;
        if (window == no_window) return 0;
        const std::size_t kept = window + pool_->batch();
        return (position_ + n - std::min(position_ + n, kept)) / attention_block;
    }

    /// Whether the next position belongs into a block that another sequence has too.
    [[nodiscard]] bool shares_last(std::size_t group) const noexcept {
        return position_ % attention_block != 0 &&
               pool_->is_shared(group, tables_[group].blocks[position_ / attention_block]);
    }

    void give_back(std::size_t group, std::size_t begin, std::size_t end) noexcept {
        const std::vector<std::uint32_t>& blocks = tables_[group].blocks;
        for (std::size_t i = std::max(begin, tables_[group].first); i < end; ++i) pool_->give_back(group, blocks[i]);
    }

    template <class F>
    void for_each_block(F&& f) {
        for (std::size_t g = 0; g < tables_.size(); ++g)
            for (std::size_t i = tables_[g].first; i < tables_[g].blocks.size(); ++i) f(g, tables_[g].blocks[i]);
    }

    std::shared_ptr<kv_pool> pool_;
    std::vector<table> tables_;  // by group
    std::size_t position_ = 0;
};

NIBBLE_NAMESPACE_END
