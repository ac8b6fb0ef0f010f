// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/callable_tools.hpp: by name.
#pragma once

#include <string>
#include <vector>

#include <nibble/chat/tool_definitions.hpp>
#include <nibble/core/error.hpp>
#include <nibble/generate/callable_tools.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

NIBBLE_FUNCTION json callable_tools(const generation_options& options) {
    const json& all = options.tools;
    if (options.only_tool.empty()) return all;
    if (all.is_array())
        for (const json& one : all.as_array())
            if (name_of_tool(one) == options.only_tool) return json::array{one};
    throw error(errc::bad_option, "option only_tool", "the name of one of the tools",
                "'" + escaped(options.only_tool) + "'");
}

NIBBLE_FUNCTION std::vector<std::string> callable_names(const generation_options& options) {
    std::vector<std::string> out;
    if (!options.tool_choice.offered) return out;
    append_tool_names(callable_tools(options), out);
    append_tool_names(options.python_tools, out);
    for (const char* name : {"tools", "xml_tools", "python_tools"})
        if (const json* listed = options.variables.find(name)) append_tool_names(*listed, out);
    return out;
}

}  // namespace detail
NIBBLE_NAMESPACE_END
