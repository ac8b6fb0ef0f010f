// SPDX-License-Identifier: Apache-2.0
// Calls of tools as text: read from what a model has said, and written as it writes them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/message.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/core/error.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Reads what stands between the tags of a call. Throws errc::json_syntax or errc::json_type.
[[nodiscard]] inline std::vector<tool_call> read_tool_calls(std::string_view text) {
    const auto fail = [](const char* expected, const json& got) {
        throw error(errc::json_type, "tool call", expected, escaped(got.dump()));
    };
    std::vector<tool_call> out;
    const auto read = [&](const json& outer) {
        const json* function = outer.find("function");
        const json& inner = function && function->is_object() ? *function : outer;
        const json* name = inner.find("name");
        if (!name || !name->is_string() || name->as_string().empty()) fail("an object with a name", outer);
        const json* arguments = inner.find("arguments");
        if (!arguments) arguments = inner.find("parameters");
        json values = arguments && !arguments->is_null() ? *arguments : json{json_object{}};
        if (values.is_string()) values = json::parse(values.as_string());  // some models write JSON in JSON
        if (!values.is_object()) fail("arguments that are an object", values);
        const json* id = outer.find("id");
        out.push_back({id && id->is_string() ? id->as_string() : "", name->as_string(), std::move(values)});
    };
    const json value = json::parse(text);
    if (!value.is_array()) {
        read(value);
    } else {
        if (value.as_array().empty()) fail("at least one call", value);
        for (const json& call : value.as_array()) read(call);
    }
    return out;
}

/// Moves the calls of a message into its content, written as the model writes them.
inline void write_calls_as_text(message& m, const reply_format& format) {
    for (const tool_call& call : std::exchange(m.tool_calls, {})) {
        tool_call_form form;
        if (!format.tool_calls.empty()) form = format.tool_calls.front();
        const json* code = call.name == code_tool ? call.arguments.find("code") : nullptr;
        if (code && code->is_string()) form = code_form();
        const auto line = [&](std::string_view text) {
            if (text.empty()) return;
            if (!m.content.empty()) m.content += '\n';
            m.content += text;
        };
        line(form.open);
        line(form.is_code
                 ? code->as_string()
                 : json(json_object{{"name", call.name}, {"arguments", call.arguments}}).dump(json_format::python()));
        line(form.close);
    }
}

}  // namespace detail

NIBBLE_NAMESPACE_END
