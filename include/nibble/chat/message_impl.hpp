// SPDX-License-Identifier: Apache-2.0
// Definitions of chat/message.hpp: messages as templates see them.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <nibble/chat/message.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION json to_json(array_view<message> messages, std::string_view reasoning_key) {
    json::array list;
    for (const message& m : messages) {
        json::object item{{"role", name_of(m.role)}, {"content", m.content}};
        if (!m.reasoning.empty()) item.set(std::string{reasoning_key}, m.reasoning);
        if (!m.tool_calls.empty()) {
            json::array calls;
            for (const tool_call& call : m.tool_calls) {
                json::object c{{"type", "function"}};
                if (!call.id.empty()) c.set("id", call.id);
                c.set("function", json::object{{"name", call.name}, {"arguments", call.arguments}});
                calls.push_back(std::move(c));
            }
            item.set("tool_calls", std::move(calls));
        }
        if (!m.name.empty()) item.set("name", m.name);
        if (!m.tool_call_id.empty()) item.set("tool_call_id", m.tool_call_id);
        list.push_back(std::move(item));
    }
    return list;
}

NIBBLE_NAMESPACE_END
