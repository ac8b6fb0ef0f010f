// SPDX-License-Identifier: Apache-2.0
// Follows a text through a grammar, piece by piece.
#pragma once

#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/grammar/grammar.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Reads a text in pieces of any size, also such that cut a character. A value; not for two threads at once.
class grammar_matcher {
public:
    explicit grammar_matcher(const grammar& grammar, const grammar_state_limits& limits = {});

    /// Reads `bytes` if the text so far and they begin a text of the grammar; else returns false and stays.
    bool accept(std::string_view bytes);

    /// True if the text so far is a text of the grammar.
    [[nodiscard]] bool complete() const noexcept { return states_.accepts(at_); }

    /// True if it is, and no longer text that begins with it is one.
    [[nodiscard]] bool finished() const noexcept { return states_.is_final(at_); }

    void reset() noexcept { at_ = states_.start(); }

private:
    grammar_states states_;
    grammar_states::state at_;
};

/// True if the whole of `text` is a text of `grammar`.
[[nodiscard]] NIBBLE_FUNCTION bool matches(const grammar& grammar, std::string_view text);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/grammar/matcher_impl.hpp>
#endif
