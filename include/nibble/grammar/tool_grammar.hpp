// SPDX-License-Identifier: Apache-2.0
// A grammar for replies that call tools: the call's form and its arguments are valid by construction.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/prefix_automaton.hpp>
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/grammar/grammar.hpp>
#include <nibble/grammar/json_schema.hpp>
#include <nibble/json/json.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

/// How a model writes a call. The defaults are those of SmolLM3, Qwen and others in the style of Hermes.
struct tool_grammar_options {
    /// true: the reply is a call and nothing else. false: free text, in which a call must be right once it is begun.
    bool required = true;
    bool parallel = false;             ///< more than one call in a reply
    std::string open = "<tool_call>";  ///< not empty if not required
    std::string close = "</tool_call>";
    std::string arguments_key = "arguments";  ///< Llama 3: "parameters"
    json_schema_options schema = {};
};

namespace detail {

/// Rules for any text in which `tag` does not occur, up to `tag` and `after`, or to the end. They are the states of a
/// prefix_automaton: rule i has read the first i characters of the tag.
[[nodiscard]] inline std::string gbnf_until(std::string_view tag, const std::string& prefix, const std::string& after) {
    std::vector<char32_t> letters;
    for (std::size_t at = 0; at < tag.size();) {
        const auto [character, length] = decode_utf8(tag, at);
        if (character == invalid_code_point)
            throw error(errc::bad_option, "tool_grammar_options::open", "UTF-8", escaped(tag));
        letters.push_back(character);
        at += length;
    }
    std::vector<code_point_range> in_tag;
    for (const char32_t c : letters) in_tag.push_back({c, c});
    in_tag = normalised(in_tag);
    const prefix_automaton<char32_t> automaton{letters};
    std::string out;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        std::map<std::size_t, std::vector<code_point_range>> reads{
            {0, complement(in_tag)}};  // by the state that they lead to
        for (const auto& [first, last] : in_tag)
            for (char32_t c = first; c <= last; ++c) reads[automaton.next(i, c)].push_back({c, c});
        out += prefix + std::to_string(i) + " ::= \"\"";
        for (const auto& [to, characters] : reads)
            out += " | " + gbnf_class(normalised(characters)) + " " +
                   (to == letters.size() ? after : prefix + std::to_string(to));
        out += "\n";
    }
    return out;
}

}  // namespace detail

/// The grammar in GBNF. `tools` is a list of definitions as templates take them: {"name", "parameters": JSON schema},
/// alone or as the "function" of an object. Throws errc::schema_unsupported for a definition that is none, or whose
/// schema a grammar cannot express; errc::bad_option.
[[nodiscard]] inline std::string tools_to_gbnf(const json& tools, const tool_grammar_options& options = {}) {
    using namespace detail;
    if (!tools.is_array() || tools.as_array().empty())
        throw error(errc::schema_unsupported, "tools", "a list of definitions", shown(tools));
    if (!options.required && options.open.empty())
        throw error(errc::bad_option, "tool_grammar_options::open", "a tag where calls are not required", "none");
    const std::string space = options.schema.white_space ? " space " : " ";
    std::string rules = options.schema.white_space ? "space ::= (\" \" | \"\\n\" [ \\t]{0,20})?\n" : "", calls;
    for (std::size_t i = 0; i < tools.as_array().size(); ++i) {
        const json& outer = tools.as_array()[i];
        const json* inner = outer.find("function");
        const json& tool = inner ? *inner : outer;
        const json* name = tool.find("name");
        const std::string where = "tools[" + std::to_string(i) + "]";
        if (!name || !name->is_string())
            throw error(errc::schema_unsupported, where, "an object with a name", shown(outer));
        const json* parameters = tool.find("parameters");
        const std::string prefix = "tool" + std::to_string(i) + "-";
        const json none = json_object{{"type", "object"}, {"additionalProperties", false}};
        const json& schema = parameters && !parameters->is_null() ? *parameters : none;
        schema_converter converter{schema, options.schema, prefix, schema_path{where + ".parameters"}};
        const std::string arguments = converter.convert();
        rules += converter.rules() + prefix + "call ::= \"{\"" + space + gbnf_literal("\"name\":") + space +
                 gbnf_literal(name->dump() + ",") + space + gbnf_literal(json{options.arguments_key}.dump() + ":") +
                 space + arguments + space + "\"}\"\n";
        append_alternative(calls, prefix + "call");
    }
    rules += "call ::= " + calls + "\n";
    const std::string inside =
        (options.schema.white_space ? " space call space " : " call ") + gbnf_literal(options.close);
    if (options.required) {
        const std::string whole = gbnf_literal(options.open) + inside;
        return "root ::= \"\\n\"? " + whole + (options.parallel ? " (\"\\n\"? " + whole + ")*" : "") + "\n" + rules;
    }
    return "root ::= text0\n" + gbnf_until(options.open, "text", "after") + "after ::=" + inside +
           (options.parallel ? " text0" : " [ \\n]{0,4}") + "\n" + rules;
}

/// The same, ready for use.
[[nodiscard]] inline grammar grammar_from_tools(const json& tools, const tool_grammar_options& options = {}) {
    return grammar::from_gbnf(tools_to_gbnf(tools, options));
}

NIBBLE_NAMESPACE_END
