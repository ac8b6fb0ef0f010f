// SPDX-License-Identifier: Apache-2.0
// The tools that a model is offered: a type of their own, or definitions in JSON.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A tool that a model may call.
struct tool {
    std::string name;
    std::string description = {};
    json parameters = {};  ///< JSON schema of an object, its arguments; null: it takes none
};

/// {"name", "description", "parameters"}, the last an empty object's schema where the tool takes no arguments.
[[nodiscard]] inline json to_json(const tool& one) {
    const json none = json_object{{"type", "object"}, {"properties", json_object{}}};
    return json_object{{"name", one.name},
                       {"description", one.description},
                       {"parameters", one.parameters.is_null() ? none : one.parameters}};
}

/// Some tools, or none: null, or the array of their definitions. In JSON these are objects as to_json() gives them, or
/// such as the "function" of an object, as OpenAI has it; what else they hold is kept for the template.
class tool_list : public json {
public:
    tool_list() noexcept = default;
    tool_list(std::initializer_list<tool> tools) : tool_list(std::vector<tool>{tools}) {}
    tool_list(const std::vector<tool>& tools) {
        for (const tool& one : tools) push_back(to_json(one));
    }
    template <std::convertible_to<json> Json>
    tool_list(Json&& definitions) : json(std::forward<Json>(definitions)) {}
};

namespace detail {

/// The inner object of a definition in either form.
[[nodiscard]] inline const json& function_of(const json& definition) noexcept {
    const json* inner = definition.find("function");
    return inner && inner->is_object() ? *inner : definition;
}

/// A list of definitions with every one as its inner object. What is no list, and items that are no objects, stay.
[[nodiscard]] inline json as_functions(const json& tools) {
    if (!tools.is_array()) return tools;
    json::array out;
    for (const json& one : tools.as_array()) out.push_back(function_of(one));
    return out;
}

/// The same with every one in OpenAI's form.
[[nodiscard]] inline json as_openai_tools(const json& tools) {
    if (!tools.is_array()) return tools;
    json::array out;
    for (const json& one : tools.as_array()) {
        const bool is_bare = one.is_object() && &function_of(one) == &one;
        out.push_back(is_bare ? json{json_object{{"type", "function"}, {"function", one}}} : one);
    }
    return out;
}

/// The name in a definition; empty where it has none.
[[nodiscard]] inline std::string name_of_tool(const json& definition) {
    const json* name = function_of(definition).find("name");
    return name && name->is_string() ? name->as_string() : std::string{};
}

/// Appends the names of the tools that are defined.
inline void append_tool_names(const json& tools, std::vector<std::string>& out) {
    if (!tools.is_array()) return;
    for (const json& one : tools.as_array())
        if (auto name = name_of_tool(one); !name.empty()) out.push_back(std::move(name));
}

}  // namespace detail

NIBBLE_NAMESPACE_END
