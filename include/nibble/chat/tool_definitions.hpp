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
[[nodiscard]] NIBBLE_FUNCTION json to_json(const tool& one);

/// Some tools, or none: null, or the array of their definitions. In JSON these are objects as to_json() gives them, or
/// such as the "function" of an object, as OpenAI has it; what else they hold is kept for the template.
class tool_list : public json {
public:
    tool_list() noexcept = default;
    tool_list(std::initializer_list<tool> tools);
    tool_list(const std::vector<tool>& tools);
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
[[nodiscard]] NIBBLE_FUNCTION json as_functions(const json& tools);

/// The same with every one in OpenAI's form.
[[nodiscard]] NIBBLE_FUNCTION json as_openai_tools(const json& tools);

/// The name in a definition; empty where it has none.
[[nodiscard]] NIBBLE_FUNCTION std::string name_of_tool(const json& definition);

/// Appends the names of the tools that are defined.
NIBBLE_FUNCTION void append_tool_names(const json& tools, std::vector<std::string>& out);

}  // namespace detail

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/chat/tool_definitions_impl.hpp>
#endif
