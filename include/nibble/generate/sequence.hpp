// SPDX-License-Identifier: Apache-2.0
// Tokens that an engine has read one after the other: what one of many conversations costs.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>

NIBBLE_NAMESPACE_BEGIN

class engine;
namespace detail {
struct sequence_state;
}

/// Owns its tokens and its share of the engine's blocks of keys and values; keeps a share of the engine. Empty it takes
/// some hundred bytes. Any number per engine; each serves one call at a time, and a call while another is under way is
/// errc::ctx_busy. engine::run() reads.
class sequence {
public:
    /// An empty one.
    explicit sequence(const engine& on);

    sequence(sequence&&) noexcept;
    sequence& operator=(sequence&&) noexcept;
    ~sequence();

    /// Most tokens that it can hold.
    [[nodiscard]] std::size_t context() const noexcept;
    /// Tokens that it holds.
    [[nodiscard]] std::size_t position() const noexcept;
    [[nodiscard]] std::span<const token> tokens() const noexcept;

    /// Forgets the tokens from `position` on. Throws errc::ctx_bad_range beyond position(), and before what layers with
    /// a window keep: a batch and a window behind the furthest position that was read.
    void rewind(std::size_t position);

    /// Another sequence that has read the same, for nothing: both share the blocks of 128 positions that are full, and
    /// one that is not until either writes into it.
    [[nodiscard]] sequence fork() const;

private:
    friend class engine;

    class use;

    explicit sequence(std::unique_ptr<detail::sequence_state> state) noexcept;

    std::unique_ptr<detail::sequence_state> state_;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/engine.hpp>
#endif
