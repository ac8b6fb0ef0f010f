// SPDX-License-Identifier: Apache-2.0
// Definitions of grammar/matcher.hpp: piece by piece.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nibble/grammar/grammar.hpp>
#include <nibble/grammar/matcher.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION grammar_matcher::grammar_matcher(const grammar& grammar, const grammar_state_limits& limits)
    : states_(grammar.states(limits)), at_(states_.start()) {}

NIBBLE_FUNCTION bool grammar_matcher::accept(std::string_view bytes) {
    if (states_.crowded()) at_ = states_.compact(at_);
    states_.begin_token();
    auto to = at_;
    for (const char byte : bytes) to = states_.step(to, static_cast<std::uint8_t>(byte));
    if (to == grammar_states::dead) return false;
    at_ = to;
    return true;
}

NIBBLE_FUNCTION bool matches(const grammar& grammar, std::string_view text) {
    grammar_matcher matcher{grammar};
    for (; !text.empty();
         text.remove_prefix(std::min<std::size_t>(text.size(), 1024)))  // each piece has a budget of steps
        if (!matcher.accept(text.substr(0, 1024))) return false;
    return matcher.complete();
}

NIBBLE_NAMESPACE_END
