// SPDX-License-Identifier: Apache-2.0
// Definitions of chat/tool_definitions.hpp: tools as JSON, in either form.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <nibble/chat/tool_definitions.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION json to_json(const tool& one) {
    const json none = json_object{{"type", "object"}, {"properties", json_object{}}};
    return json_object{{"name", one.name},
                       {"description", one.description},
                       {"parameters", one.parameters.is_null() ? none : one.parameters}};
}

NIBBLE_FUNCTION tool_list::tool_list(std::initializer_list<tool> tools) : tool_list(std::vector<tool>{tools}) {}

NIBBLE_FUNCTION tool_list::tool_list(const std::vector<tool>& tools) {
    for (const tool& one : tools) push_back(to_json(one));
}

namespace detail {

NIBBLE_FUNCTION json as_functions(const json& tools) {
    if (!tools.is_array()) return tools;
    json::array out;
    for (const json& one : tools.as_array()) out.push_back(function_of(one));
    return out;
}

NIBBLE_FUNCTION json as_openai_tools(const json& tools) {
    if (!tools.is_array()) return tools;
    json::array out;
    for (const json& one : tools.as_array()) {
        const bool is_bare = one.is_object() && &function_of(one) == &one;
        out.push_back(is_bare ? json{json_object{{"type", "function"}, {"function", one}}} : one);
    }
    return out;
}

NIBBLE_FUNCTION std::string name_of_tool(const json& definition) {
    const json* name = function_of(definition).find("name");
    return name && name->is_string() ? name->as_string() : std::string{};
}

NIBBLE_FUNCTION void append_tool_names(const json& tools, std::vector<std::string>& out) {
    if (!tools.is_array()) return;
    for (const json& one : tools.as_array())
        if (auto name = name_of_tool(one); !name.empty()) out.push_back(std::move(name));
}

}  // namespace detail

NIBBLE_NAMESPACE_END
