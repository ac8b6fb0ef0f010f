// SPDX-License-Identifier: Apache-2.0
// Definitions of tools: {"name", "description", "parameters"}, alone or, as OpenAI has it, as the "function" of an
// object.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

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

/// Appends the names of the tools that are defined.
inline void append_tool_names(const json& tools, std::vector<std::string>& out) {
    if (!tools.is_array()) return;
    for (const json& one : tools.as_array())
        if (const json* name = function_of(one).find("name"); name && name->is_string())
            out.push_back(name->as_string());
}

}  // namespace detail

NIBBLE_NAMESPACE_END
