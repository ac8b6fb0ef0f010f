// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/tool_calling.hpp: from forms of calls to grammars.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include <nibble/chat/reply_format.hpp>
#include <nibble/core/error.hpp>
#include <nibble/generate/callable_tools.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/generate/structure.hpp>
#include <nibble/generate/token_trie.hpp>
#include <nibble/generate/tool_calling.hpp>
#include <nibble/grammar/tool_grammar.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION tool_grammar_options tool_grammar_of(const reply_format& format) {
    if (format.bare_calls) return {.open = {}, .close = {}, .arguments_key = "parameters"};
    const auto form = std::find_if(format.tool_calls.begin(), format.tool_calls.end(), [](const tool_call_form& f) {
        return !f.is_code && f.before_key.empty() && !f.is_python;
    });
    if (form == format.tool_calls.end())
        throw error(errc::bad_option, "option tool_choice", "a model whose chat template says how it writes calls",
                    "none; model_options::reply_format can say it");
    return {.open = form->open,
            .close = form->close,
            .name_key = form->name_key,
            .arguments_key = form->arguments_key,
            .is_list = form->is_list,
            .before_name = form->before_name,
            .after_name = form->after_name,
            .after_arguments = form->after_arguments,
            .list_open = form->list_open,
            .list_close = form->list_close};
}

namespace detail {

NIBBLE_FUNCTION std::unique_ptr<token_constraint>
require_call(const generation_options& options, const reply_format& format, std::shared_ptr<const token_trie> trie) {
    if (options.constraint)
        throw error(errc::bad_option, "option tool_choice", "no other constraint where a call is required", "one");
    const auto calls = grammar_from_tools(callable_tools(options), tool_grammar_of(format));
    return std::make_unique<grammar_constraint>(calls, std::move(trie));
}

}  // namespace detail

NIBBLE_NAMESPACE_END
