// SPDX-License-Identifier: Apache-2.0
// Definitions of grammar/grammar.hpp: from text to program.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <nibble/grammar/compiler.hpp>
#include <nibble/grammar/gbnf.hpp>
#include <nibble/grammar/grammar.hpp>
#include <nibble/grammar/program.hpp>
#include <nibble/grammar/states.hpp>
#include <nibble/grammar/syntax.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION grammar grammar::from_gbnf(std::string_view text, std::string_view root, const grammar_limits& limits) {
    return grammar{compile_grammar(parse_gbnf(text, root, limits), limits)};
}

NIBBLE_FUNCTION grammar_states grammar::states(const grammar_state_limits& limits) const {
    return grammar_states{program_, limits};
}

NIBBLE_FUNCTION grammar::grammar(grammar_program program)
    : program_(std::make_shared<const grammar_program>(std::move(program))) {
    (void)states();  // what cannot start is refused here and not by the first user
}

NIBBLE_NAMESPACE_END
