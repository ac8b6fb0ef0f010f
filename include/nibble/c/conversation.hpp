// SPDX-License-Identifier: Apache-2.0
// Conversations of the C interface: messages, and messages in OpenAI's form.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/c/call.hpp>
#include <nibble/c/options.hpp>
#include <nibble/chat/message.hpp>
#include <nibble/core/config.hpp>
#include <nibble/json/json.hpp>
#include <nibble/nibble.h>

struct nibble_conversation : nibble::c::handle_of<nibble_conversation> {
    static constexpr std::string_view kind_name = "conversation";
    std::vector<nibble::message> messages;
};

NIBBLE_NAMESPACE_BEGIN
namespace c {

static_assert(NIBBLE_SYSTEM == static_cast<int>(role::system));
static_assert(NIBBLE_USER == static_cast<int>(role::user));
static_assert(NIBBLE_ASSISTANT == static_cast<int>(role::assistant));
static_assert(NIBBLE_TOOL == static_cast<int>(role::tool));

[[nodiscard]] inline role role_of(std::string_view name) {
    for (const role r : {role::system, role::user, role::assistant, role::tool})
        if (name_of(r) == name) return r;
    throw refusal(NIBBLE_ERROR_JSON, "message: \"role\"", "system, user, assistant or tool", "'" + escaped(name) + "'");
}

/// The text under a key; empty where there is none, or null.
[[nodiscard]] inline std::string text_under(const json& object, std::string_view key) {
    const json* value = object.find(key);
    return value && !value->is_null() ? value->as_string() : std::string{};
}

/// A call as OpenAI has it: its arguments are an object, or the text of one.
[[nodiscard]] inline tool_call call_of(const json& one) {
    const json* function = one.find("function");
    if (!function) throw refusal(NIBBLE_ERROR_JSON, "message: \"tool_calls\"", "objects with a \"function\"", "none");
    tool_call out{.id = text_under(one, "id"), .name = text_under(*function, "name"), .arguments = json::object{}};
    if (const json* arguments = function->find("arguments"))
        out.arguments = arguments->is_string() ? json::parse(arguments->as_string()) : *arguments;
    return out;
}

[[nodiscard]] inline message message_of(const json& object) {
    message out{.role = role_of(text_under(object, "role")),
                .content = text_under(object, "content"),
                .reasoning = text_under(object, "reasoning_content"),
                .name = text_under(object, "name"),
                .tool_call_id = text_under(object, "tool_call_id")};
    if (const json* calls = object.find("tool_calls"); calls && !calls->is_null())
        std::transform(calls->as_array().begin(), calls->as_array().end(), std::back_inserter(out.tool_calls), call_of);
    return out;
}

}  // namespace c
NIBBLE_NAMESPACE_END

NIBBLE_C_FUNCTION nibble_status nibble_conversation_new(nibble_conversation** conversation, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& out = nibble::c::output(conversation, "conversation");
        out = new nibble_conversation;
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_conversation_free(nibble_conversation* conversation) {
    return nibble::c::free_handle(conversation);
}

NIBBLE_C_FUNCTION nibble_status nibble_conversation_add(nibble_conversation* conversation, int32_t role,
                                                        const char* content, size_t length, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        const auto who = nibble::c::choice(role, NIBBLE_SYSTEM, NIBBLE_TOOL, "role");
        const auto text = nibble::c::text_of(content, length, "content");
        nibble::c::checked(conversation).messages.push_back({static_cast<nibble::role>(who), std::string{text}});
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_conversation_add_json(nibble_conversation* conversation, const char* json,
                                                             size_t length, nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        const auto object = nibble::json::parse(nibble::c::text_of(json, length, "json"));
        nibble::c::checked(conversation).messages.push_back(nibble::c::message_of(object));
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_conversation_size(const nibble_conversation* conversation, size_t* n_messages,
                                                         nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& size = nibble::c::output(n_messages, "n_messages");
        size = nibble::c::checked(conversation).messages.size();
    });
}

NIBBLE_C_FUNCTION nibble_status nibble_conversation_truncate(nibble_conversation* conversation, size_t n_messages,
                                                             nibble_error* error) {
    return nibble::c::guarded(error, [&] {
        auto& messages = nibble::c::checked(conversation).messages;
        if (n_messages > messages.size())
            throw nibble::c::refusal(NIBBLE_ERROR_ARGUMENT, "n_messages", "at most " + std::to_string(messages.size()),
                                     std::to_string(n_messages));
        messages.resize(n_messages);
    });
}
