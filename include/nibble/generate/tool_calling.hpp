// SPDX-License-Identifier: Apache-2.0
// What options say of tools, put to work: which ones are offered, and a constraint that makes a reply a call of one.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nibble/chat/reply_format.hpp>
#include <nibble/chat/tool_definitions.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/generate/structure.hpp>
#include <nibble/generate/token_trie.hpp>
#include <nibble/grammar/tool_grammar.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

/// How a model with this format writes calls, for tools_to_gbnf(): a reply_parser of the format reads them back. Throws
/// errc::bad_option for a format that has no form of calls with JSON in it.
[[nodiscard]] inline tool_grammar_options tool_grammar_of(const reply_format& format) {
    if (format.bare_calls) return {.open = {}, .close = {}, .arguments_key = "parameters"};
    const auto form = std::find_if(format.tool_calls.begin(), format.tool_calls.end(),
                                   [](const tool_call_form& f) { return !f.is_code && !f.has_parameters; });
    if (form == format.tool_calls.end())
        throw error(errc::bad_option, "option tool_choice", "a model whose chat template says how it writes calls",
                    "none; model_options::reply_format can say it");
    return {.open = form->open,
            .close = form->close,
            .is_list = form->is_list,
            .before_name = form->before_name,
            .after_name = form->after_name,
            .after_arguments = form->after_arguments,
            .list_open = form->list_open,
            .list_close = form->list_close};
}

namespace detail {

/// Definitions of the tools that may be called. Throws errc::bad_option where only_tool names none of them.
[[nodiscard]] inline json callable_tools(const generation_options& options) {
    const json& all = options.tools;
    if (options.only_tool.empty()) return all;
    if (all.is_array())
        for (const json& one : all.as_array())
            if (name_of_tool(one) == options.only_tool) return json::array{one};
    throw error(errc::bad_option, "option only_tool", "the name of one of the tools",
                "'" + escaped(options.only_tool) + "'");
}

/// The names of what a reply may call: nothing is a call of a tool that the prompt has not.
[[nodiscard]] inline std::vector<std::string> callable_names(const generation_options& options) {
    std::vector<std::string> out;
    if (options.tool_choice == tool_choice::none) return out;
    append_tool_names(callable_tools(options), out);
    append_tool_names(options.python_tools, out);
    for (const char* name : {"tools", "xml_tools", "python_tools"})
        if (const json* listed = options.variables.find(name)) append_tool_names(*listed, out);
    return out;
}

/// Makes a reply one call, where the options require it; else null. Throws errc::bad_option for options that
/// contradict each other, and what tools_to_gbnf() does; `make_trie` gives the trie of the model's tokenizer.
template <class MakeTrie>
[[nodiscard]] std::unique_ptr<token_constraint> required_call(const generation_options& options,
                                                              const reply_format& format, MakeTrie make_trie) {
    if (options.tool_choice != tool_choice::required) return nullptr;
    if (options.constraint)
        throw error(errc::bad_option, "option tool_choice", "no other constraint where a call is required", "one");
    const auto calls = grammar_from_tools(callable_tools(options), tool_grammar_of(format));
    return std::make_unique<grammar_constraint>(calls, make_trie());
}

}  // namespace detail

NIBBLE_NAMESPACE_END
