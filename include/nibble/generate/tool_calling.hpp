// SPDX-License-Identifier: Apache-2.0
// Replies that are calls by construction: the grammar of a model's own form of calls, and the choice that requires one.
#pragma once

#include <memory>

#include <nibble/chat/reply_format.hpp>
#include <nibble/core/config.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/grammar/tool_grammar.hpp>

NIBBLE_NAMESPACE_BEGIN

/// How a model with this format writes calls, for tools_to_gbnf(): a reply_parser of the format reads them back. Throws
/// errc::bad_option for a format that has no form of calls with JSON in it.
[[nodiscard]] NIBBLE_FUNCTION tool_grammar_options tool_grammar_of(const reply_format& format);

namespace detail {

/// tool_choice::require. Throws errc::bad_option for options that contradict each other, and what tools_to_gbnf() does.
[[nodiscard]] NIBBLE_FUNCTION std::unique_ptr<token_constraint>
require_call(const generation_options& options, const reply_format& format, std::shared_ptr<const token_trie> trie);

}  // namespace detail

/// The answer is a call of one of the tools, in the model's own form, with arguments that fit their schema.
inline constexpr tool_choice required_tool_call{.require = &detail::require_call};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/tool_calling_impl.hpp>
#endif
