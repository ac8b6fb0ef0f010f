// SPDX-License-Identifier: Apache-2.0
// A grammar ready for use: what a constraint or a matcher is made from.
#pragma once

#include <memory>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/grammar/program.hpp>
#include <nibble/grammar/states.hpp>
#include <nibble/grammar/syntax.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A compiled grammar: immutable, cheap to copy (copies share it), usable from any thread.
class grammar {
public:
    /// From GBNF text (gbnf.hpp). Throws errc::grammar_syntax, errc::grammar_too_deep, errc::grammar_limit.
    [[nodiscard]] static grammar from_gbnf(std::string_view text, std::string_view root = "root",
                                           const grammar_limits& limits = {});

    [[nodiscard]] const grammar_program& program() const noexcept { return *program_; }

    /// A fresh automaton over this grammar, at its start. Throws if the limits do not even allow the first state.
    [[nodiscard]] grammar_states states(const grammar_state_limits& limits = {}) const;

private:
    explicit grammar(grammar_program program);

    std::shared_ptr<const grammar_program> program_;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/grammar/grammar_impl.hpp>
#endif
