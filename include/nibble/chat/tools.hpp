// SPDX-License-Identifier: Apache-2.0
// Calls of tools as text: read from what a model has said, and written as it writes them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/message.hpp>
#include <nibble/chat/python_calls.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/core/any_of.hpp>
#include <nibble/core/error.hpp>
#include <nibble/json/json.hpp>
#include <nibble/unicode/white_space.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

[[noreturn]] inline void fail_call(std::string expected, std::string_view got) {
    throw error(errc::json_type, "tool call", std::move(expected), "'" + escaped(got) + "'");
}

/// The arguments of a call as the object that they are; some models write JSON in JSON, or null for none.
[[nodiscard]] inline json as_arguments(json given) {
    if (given.is_null()) return json_object{};
    if (given.is_string()) given = json::parse(given.as_string());
    if (!given.is_object()) fail_call("arguments that are an object", given.dump());
    return given;
}

/// A call as JSON that has its name: {"name", "arguments"}, or, as OpenAI has it, with these two inside "function".
[[nodiscard]] inline tool_call read_json_call(const json& outer, const tool_call_form& form = {}) {
    const json* function = outer.find("function");
    const json& inner = function && function->is_object() ? *function : outer;
    const json* name = inner.find(form.name_key);
    if (!name || !name->is_string() || name->as_string().empty()) fail_call("an object with a name", outer.dump());
    const json* arguments = inner.find(form.arguments_key);
    if (!arguments) arguments = inner.find("parameters");
    const json* id = outer.find(form.id_key);
    return {id && id->is_string() ? id->as_string() : "", name->as_string(),
            as_arguments(arguments ? *arguments : json{})};
}

/// Another id for every call of a conversation: a hash of what the model wrote, its place and the seed (FNV-1a).
[[nodiscard]] inline std::string made_call_id(std::string_view raw, std::size_t place, std::uint64_t seed) {
    static constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto mix = [&](std::uint64_t value) { hash = (hash ^ value) * 0x100000001b3; };
    mix(seed);
    mix(place);
    for (const char c : raw) mix(static_cast<unsigned char>(c));
    std::string id;
    for (int i = 0; i < 9; ++i, hash /= letters.size()) id += letters[hash % letters.size()];
    return id;
}

/// An object with a name may be an answer as well: nothing is in a call but what calls have.
[[nodiscard]] inline bool has_form_of_call(const json& value) {
    static constexpr std::string_view keys[] = {"id", "type", "function", "name", "arguments", "parameters"};
    return value.is_object() && all_of(value.as_object(), [](const json_member& member) {
               return std::find(std::begin(keys), std::end(keys), member.key) != std::end(keys);
           });
}

/// One such call, or a list of them.
[[nodiscard]] inline std::vector<tool_call> read_json_calls(std::string_view text, const tool_call_form& form) {
    const json value = json::parse(text);
    if (!value.is_array()) return {read_json_call(value, form)};
    if (value.as_array().empty()) fail_call("at least one call", text);
    std::vector<tool_call> out;
    for (const json& call : value.as_array()) out.push_back(read_json_call(call, form));
    return out;
}

/// What stands before `part` in `text`, which then begins behind it. The white space around `part` does not matter.
[[nodiscard]] inline std::string_view take_until(std::string_view& text, std::string_view part) {
    part = trim(part);
    const std::size_t at = text.find(part);
    if (at == std::string_view::npos) fail_call(std::string{part}, text);
    const std::string_view before = text.substr(0, at);
    text.remove_prefix(at + part.size());
    return before;
}
/// Drops `part`, with which `text` has to begin.
inline void take(std::string_view& text, std::string_view part) {
    if (!trim(take_until(text, part)).empty()) fail_call(std::string{trim(part)}, text);
}

/// The arguments of a form with before_key. A value is JSON where it can be read so, else the text between the line
/// ends around it.
[[nodiscard]] inline json read_parameters(std::string_view text, const tool_call_form& form) {
    json::object out;
    for (; !trim_start(text).empty();) {
        take(text, form.before_key);
        const std::string name{take_until(text, form.after_key)};
        take(text, form.before_value);
        std::string_view value = take_until(text, form.after_value);
        if (value.starts_with('\n')) value.remove_prefix(1);
        if (value.ends_with('\n')) value.remove_suffix(1);
        try {
            out.set(name, json::parse(value));
        } catch (const error&) {
            out.set(name, value);
        }
    }
    return out;
}

/// The name of a call, and its id, up to after_name; without that, a word up to the first argument or the end.
[[nodiscard]] inline std::string_view take_name(std::string_view& text, const tool_call_form& form) {
    if (!form.after_name.empty()) return trim(take_until(text, form.after_name));
    const std::string_view before = text.substr(0, text.find(trim(form.before_key)));
    text.remove_prefix(before.size());
    const bool is_word = trim(before).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                                        "0123456789_-.:/") == std::string_view::npos;
    if (!is_word) fail_call("a name", before);
    return trim(before);
}

/// A call whose name stands before its arguments.
[[nodiscard]] inline tool_call read_named_call(std::string_view text, const tool_call_form& form) {
    take(text, form.before_name);
    std::string_view name = take_name(text, form);
    std::string id = form.id_has_name ? form.before_name + std::string{name} : "";
    if (const std::size_t at = name.rfind(form.before_id); !form.before_id.empty() && at < name.size()) {
        if (!form.id_has_name) id = trim(name.substr(at + form.before_id.size()));
        name = trim(name.substr(0, at));
    }
    if (name.empty()) fail_call("a name", text);
    text = trim(text);
    if (const auto end = trim(form.after_arguments); text.ends_with(end)) text.remove_suffix(end.size());
    return {std::move(id), std::string{name},
            form.before_key.empty() ? as_arguments(json::parse(text)) : read_parameters(text, form)};
}

/// Reads what stands between the tags of a call. Throws errc::json_syntax or errc::json_type.
[[nodiscard]] inline std::vector<tool_call> read_tool_calls(std::string_view text, const tool_call_form& form) {
    if (form.is_code) return {{"", std::string{code_tool}, json_object{{"code", trim_end(trim_start(text, "\r\n"))}}}};
    if (form.is_python) return python_call_reader{text}.read();
    if (form.names_first()) return {read_named_call(text, form)};
    return read_json_calls(text, form);
}

/// The arguments of a call as its form has them behind the name.
[[nodiscard]] inline std::string written_arguments(const json& arguments, const tool_call_form& form) {
    if (form.before_key.empty()) return arguments.dump(json_format::python());
    std::string out;
    for (const auto& [name, value] : arguments.as_object())
        out += form.before_key + name + form.after_key + form.before_value +
               (value.is_string() ? value.as_string() : value.dump(json_format::python())) + form.after_value;
    return out;
}

/// A call as the model writes it. A call of code_tool in the form of code needs the argument "code", a text.
[[nodiscard]] inline std::string written_call(const tool_call& call, const tool_call_form& form) {
    const auto python = json_format::python();
    if (form.is_python) {
        const std::string text = written_python_call(call);
        return form.open + (form.is_list ? '[' + text + ']' : '\n' + text + '\n') + form.close;
    }
    if (form.names_first())
        return form.open + form.before_name + call.name + form.after_name + written_arguments(call.arguments, form) +
               form.after_arguments + form.close;
    const json whole = json_object{{form.name_key, call.name}, {form.arguments_key, call.arguments}};
    if (form.is_list) return form.open + json{json::array{whole}}.dump(python) + form.close;
    std::string out = form.open;
    for (const std::string& line :
         {form.is_code ? call.arguments.find("code")->as_string() : whole.dump(python), form.close}) {
        if (!out.empty() && !line.empty()) out += '\n';
        out += line;
    }
    return out;
}

/// Moves the calls of a message into its content, written as the model writes them.
inline void write_calls_as_text(message& m, const reply_format& format) {
    for (const tool_call& call : std::exchange(m.tool_calls, {})) {
        const json* code = call.name == code_tool ? call.arguments.find("code") : nullptr;
        tool_call_form form;
        if (code && code->is_string()) {
            form = code_form();
        } else if (!format.tool_calls.empty()) {
            form = format.tool_calls.front();
        }
        if (!m.content.empty()) m.content += '\n';
        m.content += written_call(call, form);
    }
}

}  // namespace detail

NIBBLE_NAMESPACE_END
