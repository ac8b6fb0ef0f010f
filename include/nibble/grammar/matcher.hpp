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
    explicit grammar_matcher(const grammar& grammar, const grammar_state_limits& limits = {})
        : states_(grammar.states(limits)), at_(states_.start()) {}

    /// Reads `bytes` if the text so far and they begin a text of the grammar; else returns false and stays.
    bool accept(std::string_view bytes) {
        if (states_.crowded()) at_ = states_.compact(at_);
        states_.begin_token();
        auto to = at_;
        for (const char byte : bytes) to = states_.step(to, static_cast<std::uint8_t>(byte));
        if (to == grammar_states::dead) return false;
        at_ = to;
        return true;
    }

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
[[nodiscard]] inline bool matches(const grammar& grammar, std::string_view text) {
    grammar_matcher matcher{grammar};
    for (; !text.empty();
         text.remove_prefix(std::min<std::size_t>(text.size(), 1024)))  // each piece has a budget of steps
        if (!matcher.accept(text.substr(0, 1024))) return false;
    return matcher.complete();
}

NIBBLE_NAMESPACE_END
