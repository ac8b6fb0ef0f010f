// SPDX-License-Identifier: Apache-2.0
// Tokens that an engine has read one after the other: what one of many conversations costs.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/engine_state.hpp>

NIBBLE_NAMESPACE_BEGIN

class engine;

/// Owns its tokens and its share of the engine's blocks of keys and values; keeps a share of the engine. Empty it takes
/// some hundred bytes. Any number per engine; each serves one call at a time, and a call while another is under way is
/// errc::ctx_busy. engine::run() reads.
class sequence {
public:
    /// An empty one.
    explicit sequence(const engine& on);

    sequence(sequence&&) noexcept = default;
    sequence& operator=(sequence&&) noexcept = default;

    /// Most tokens that it can hold.
    [[nodiscard]] std::size_t context() const noexcept { return state_->engine->context(); }
    /// Tokens that it holds.
    [[nodiscard]] std::size_t position() const noexcept { return state_->position(); }
    [[nodiscard]] std::span<const token> tokens() const noexcept { return state_->tokens; }

    /// Forgets the tokens from `position` on. Throws errc::ctx_bad_range beyond position(), and before what layers with
    /// a window keep: a batch and a window behind the furthest position that was read.
    void rewind(std::size_t position) {
        const use of{*state_};
        detail::check_rewind(state_->cache, position);
        state_->rewind(position);
    }

    /// Another sequence that has read the same, for nothing: both share the blocks of 128 positions that are full, and
    /// one that is not until either writes into it.
    [[nodiscard]] sequence fork() const {
        const use of{*state_};
        return sequence{std::make_unique<detail::sequence_state>(*state_)};
    }

private:
    friend class engine;

    /// Held for the time of a call.
    class use {
    public:
        explicit use(detail::sequence_state& state) : state_(&state) {
            if (state.busy.exchange(true, std::memory_order_acquire))
                throw error(errc::ctx_busy, "sequence", "one call at a time", "a call while another is under way");
        }
        use(use&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
        use& operator=(use&&) = delete;
        ~use() {
            if (state_) state_->busy.store(false, std::memory_order_release);
        }

    private:
        detail::sequence_state* state_;
    };

    explicit sequence(std::unique_ptr<detail::sequence_state> state) noexcept : state_(std::move(state)) {}

    std::unique_ptr<detail::sequence_state> state_;
};

NIBBLE_NAMESPACE_END
