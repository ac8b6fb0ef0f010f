// SPDX-License-Identifier: Apache-2.0
// A grammar for replies that call tools: the call's form and its arguments are valid by construction.
#pragma once

#include <string>

#include <nibble/core/config.hpp>
#include <nibble/grammar/grammar.hpp>
#include <nibble/grammar/schema_options.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

/// How a model writes a call. The defaults are those of SmolLM3, Qwen and others in the style of Hermes: JSON with the
/// name and the arguments between two tags. With `after_name` the name stands before the JSON, which is the arguments:
/// open before_name NAME after_name JSON after_arguments close.
struct tool_grammar_options {
    /// true: the reply is a call and nothing else. false: free text, in which a call must be right once it is begun.
    bool required = true;
    bool parallel = false;             ///< more than one call in a reply
    std::string open = "<tool_call>";  ///< not empty if not required
    std::string close = "</tool_call>";
    std::string name_key = "name", arguments_key = "arguments";  ///< Llama 3: "parameters"
    bool is_list = false;                                        ///< the JSON is a list of one call
    std::string before_name = {}, after_name = {}, after_arguments = {};
    std::string list_open = {}, list_close = {};  ///< around all calls of a reply
    json_schema_options schema = {};
};

/// The grammar in GBNF. `tools` is a list of definitions as templates take them: {"name", "parameters": JSON schema},
/// alone or as the "function" of an object. Throws errc::schema_unsupported for a definition that is none, or whose
/// schema a grammar cannot express; errc::bad_option.
[[nodiscard]] NIBBLE_FUNCTION std::string tools_to_gbnf(const json& tools, const tool_grammar_options& options = {});

/// The same, ready for use.
[[nodiscard]] NIBBLE_FUNCTION grammar grammar_from_tools(const json& tools, const tool_grammar_options& options = {});

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/grammar/tool_grammar_impl.hpp>
#endif
