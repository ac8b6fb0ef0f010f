// SPDX-License-Identifier: Apache-2.0
// Turns a regular expression into a grammar of the texts that match it as a whole.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/grammar/char_automaton.hpp>
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/grammar/grammar.hpp>
#include <nibble/grammar/regex.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The grammar in GBNF, a rule for each state; its start is `root`. The expressions are those of "pattern" in a JSON
/// schema (grammar/regex.hpp), but for what they match: all of a text, with anchors or without. Throws
/// errc::schema_unsupported.
[[nodiscard]] inline std::string regex_to_gbnf(std::string_view pattern) {
    const auto automaton = detail::trimmed(detail::parse_regex(pattern, "regex", detail::regex_extent::whole_text));
    const auto name_of = [](std::size_t state) { return state == 0 ? "root" : "s" + std::to_string(state); };
    std::string out;
    for (std::size_t i = 0; i < automaton.states.size(); ++i) {
        const auto& state = automaton.states[i];
        std::string body = state.accepts ? "\"\"" : "";
        for (const auto next : state.next)
            detail::append_alternative(body, detail::gbnf_class(automaton.states[next].read) + " " + name_of(next));
        out += name_of(i) + " ::= " + body + "\n";
    }
    return out;
}

/// The grammar of the texts that `pattern` matches. Throws errc::schema_unsupported; errc::grammar_syntax where no text
/// matches, errc::grammar_limit and errc::grammar_too_deep where it grows too large.
[[nodiscard]] inline grammar grammar_from_regex(std::string_view pattern) {
    return grammar::from_gbnf(regex_to_gbnf(pattern));
}

NIBBLE_NAMESPACE_END
