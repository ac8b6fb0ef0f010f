// SPDX-License-Identifier: Apache-2.0
// Definitions of grammar/tool_grammar.hpp: from definitions to grammar.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/core/prefix_automaton.hpp>
#include <nibble/grammar/code_points.hpp>
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/grammar/grammar.hpp>
#include <nibble/grammar/schema_converter.hpp>
#include <nibble/grammar/tool_grammar.hpp>
#include <nibble/json/json.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

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

/// The rules for what stands between the tags of a call of one tool, and what to call them by.
class tool_rules {
public:
    explicit tool_rules(const tool_grammar_options& options) : options_(options) {}

    void add(const json& outer, std::size_t number) {
        const json* inner = outer.find("function");
        const json& tool = inner ? *inner : outer;
        const json* name = tool.find("name");
        const std::string where = "tools[" + std::to_string(number) + "]";
        if (!name || !name->is_string())
            throw error(errc::schema_unsupported, where, "an object with a name", shown(outer));
        const json* parameters = tool.find("parameters");
        const std::string prefix = "tool" + std::to_string(number) + "-";
        const json none = json_object{{"type", "object"}, {"additionalProperties", false}};
        const json& schema = parameters && !parameters->is_null() ? *parameters : none;
        schema_converter converter{schema, options_.schema, prefix, schema_path{where + ".parameters"}};
        const std::string arguments = converter.convert();
        rules_ += converter.rules() + prefix + "call ::= " +
                  (options_.after_name.empty() ? json_call(*name, arguments)
                                               : named_call(name->as_string(), arguments, where)) +
                  "\n";
        append_alternative(calls_, prefix + "call");
    }

    [[nodiscard]] std::string rules() const { return rules_ + "call ::= " + calls_ + "\n"; }

private:
    [[nodiscard]] std::string json_call(const json& name, const std::string& arguments) const {
        const std::string space = options_.schema.white_space ? " space " : " ";
        return "\"{\"" + space + gbnf_literal(json{options_.name_key}.dump() + ":") + space +
               gbnf_literal(name.dump() + ",") + space + gbnf_literal(json{options_.arguments_key}.dump() + ":") +
               space + arguments + space + "\"}\"";
    }

    /// What ends a name must not be part of it.
    [[nodiscard]] std::string named_call(const std::string& name, const std::string& arguments,
                                         const std::string& where) const {
        if (name.empty() || name.find_first_of(" \t\r\n{[<>") != std::string::npos)
            throw error(errc::schema_unsupported, where, "a name that can stand before " + options_.after_name,
                        "'" + escaped(name) + "'");
        return gbnf_literal(options_.before_name + name + options_.after_name) + " " + arguments + " " +
               gbnf_literal(options_.after_arguments);
    }

    const tool_grammar_options& options_;
    std::string rules_, calls_;
};

}  // namespace detail

NIBBLE_FUNCTION std::string tools_to_gbnf(const json& tools, const tool_grammar_options& options) {
    using namespace detail;
    if (!tools.is_array() || tools.as_array().empty())
        throw error(errc::schema_unsupported, "tools", "a list of definitions", shown(tools));
    const std::string& first = options.list_open.empty() ? options.open : options.list_open;
    if (!options.required && first.empty())
        throw error(errc::bad_option, "tool_grammar_options::open", "a tag where calls are not required", "none");
    tool_rules all{options};
    for (std::size_t i = 0; i < tools.as_array().size(); ++i) all.add(tools.as_array()[i], i);
    const bool spaced = options.schema.white_space && options.after_name.empty();
    const std::string rules =
        (options.schema.white_space ? "space ::= (\" \" | \"\\n\" [ \\t]{0,20})?\n" : "") + all.rules();

    const std::string call = spaced ? " space call space " : " call ";
    const std::string inside = (options.is_list ? " \"[\"" + call + "\"]\" " : call) + gbnf_literal(options.close);
    const std::string whole = gbnf_literal(options.open) + inside;
    const std::string more = options.parallel ? " (\"\\n\"? " + whole + ")*" : "";
    const std::string list_end = whole + more + " " + gbnf_literal(options.list_close);
    if (options.required) return "root ::= \"\\n\"? " + gbnf_literal(options.list_open) + " " + list_end + "\n" + rules;
    return "root ::= text0\n" + gbnf_until(first, "text", "after") +
           "after ::=" + (options.list_open.empty() ? inside : " " + list_end) +
           (options.parallel ? " text0" : " [ \\n]{0,4}") + "\n" + rules;
}

NIBBLE_FUNCTION grammar grammar_from_tools(const json& tools, const tool_grammar_options& options) {
    return grammar::from_gbnf(tools_to_gbnf(tools, options));
}

NIBBLE_NAMESPACE_END
