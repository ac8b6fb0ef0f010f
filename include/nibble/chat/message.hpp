// SPDX-License-Identifier: Apache-2.0
// The messages of a conversation.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Who speaks.
enum class role { system, user, assistant, tool };

/// The name of a role as templates know it.
[[nodiscard]] constexpr std::string_view name_of(role r) noexcept {
    constexpr std::string_view names[] = {"system", "user", "assistant", "tool"};
    return names[static_cast<std::size_t>(r)];
}

/// A call of a tool that an assistant message asks for.
struct tool_call {
    std::string id;
    std::string name;
    json arguments;  ///< usually an object
};

/// One message of a conversation. `{role::user, "text"}` is enough for most.
struct message {
    nibble::role role = nibble::role::user;
    std::string content;
    std::string reasoning = {};              ///< assistant: the thoughts before `content`
    std::vector<tool_call> tool_calls = {};  ///< assistant
    std::string name = {};                   ///< tool: which one answers (some templates ask for it)
    std::string tool_call_id = {};           ///< tool: which call it answers
};

/// `messages` as templates see them: objects with role, content and, where not empty, the reasoning, tool_calls (in
/// OpenAI's form), name, tool_call_id.
[[nodiscard]] NIBBLE_FUNCTION json to_json(array_view<message> messages,
                                           std::string_view reasoning_key = "reasoning_content");

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/chat/message_impl.hpp>
#endif
