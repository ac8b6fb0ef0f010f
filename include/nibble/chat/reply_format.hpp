// SPDX-License-Identifier: Apache-2.0
// How models mark the parts of their replies: reasoning and tool calls.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/text/reply_tags.hpp>
#include <nibble/unicode/white_space.hpp>

NIBBLE_NAMESPACE_BEGIN

/// One way in which models write calls: `open`, JSON, `close`. Without `close` the call ends with its JSON.
/// The JSON is an object with a name and "arguments" or "parameters", or a list of such objects.
struct tool_call_form {
    std::string open;
    std::string close;
    bool is_code = false;  ///< program text in place of JSON: a call of code_tool; needs `close`
};

/// What a piece of code that a model wants to be run becomes: a call of this name with the argument "code".
inline constexpr std::string_view code_tool = "python";
/// How models write code to be run, where they are told of tools to use from it.
[[nodiscard]] inline tool_call_form code_form() {
    const reply_tag& row = usual_tag(reply_part::code);
    return {std::string{row.open}, std::string{row.close}, true};
}

/// All forms that reply_tags has.
[[nodiscard]] inline std::vector<tool_call_form> known_tool_call_forms() {
    std::vector<tool_call_form> out;
    for (const reply_tag& row : reply_tags)
        if (row.part == reply_part::tool_call) out.push_back({std::string{row.open}, std::string{row.close}});
    return out;
}

/// How a model marks the parts of its replies; by default in any of the ways that reply_tags has.
/// A vocabulary may have a tag as a control token (Mistral's [TOOL_CALLS]): it must then be decoded to be seen.
struct reply_format {
    /// Only at the start of a reply; empty: a reply has no reasoning.
    std::string think_open{usual_tag(reply_part::reasoning).open};
    std::string think_close{usual_tag(reply_part::reasoning).close};
    std::vector<tool_call_form> tool_calls = known_tool_call_forms();
    bool starts_in_reasoning = false;  ///< the prompt ends with think_open; see opens_reasoning()
    bool bare_calls = false;           ///< a reply that is a JSON object with a name is a call (Llama 3), or several
    /// The tools that may be called; not set: any. A bare object that names none of them is answer text, a call between
    /// tags is malformed.
    std::optional<std::vector<std::string>> tools = {};
    std::size_t max_call_bytes = std::size_t{1} << 20;  ///< a longer call is malformed; what waits takes no more memory

    /// All texts that mark a part.
    [[nodiscard]] std::vector<std::string> tags() const {
        std::vector<std::string> out{think_open, think_close};
        for (const auto& form : tool_calls) out.insert(out.end(), {form.open, form.close});
        std::erase(out, "");
        return out;
    }
};

/// True if `prompt` ends with an open think tag, as some templates leave it: the reply then starts in its reasoning.
[[nodiscard]] inline bool opens_reasoning(std::string_view prompt, const reply_format& format = {}) {
    return !format.think_open.empty() && trim_end(prompt).ends_with(format.think_open);
}

/// The format for models with this chat template: those of the usual tags that it mentions. Templates that show calls
/// as {"name": ..., "parameters": ...} (Llama 3) get bare_calls.
[[nodiscard]] inline reply_format detect_reply_format(std::string_view chat_template) {
    reply_format out;
    const auto mentions = [&](std::string_view text) { return chat_template.find(text) != std::string_view::npos; };
    std::erase_if(out.tool_calls, [&](const auto& form) { return !mentions(form.open); });
    out.bare_calls =
        mentions("\"parameters\": ") && mentions("\"name\": ") && !mentions(usual_tag(reply_part::tool_call).open);
    const auto* const thinks = std::find_if(std::begin(reply_tags), std::end(reply_tags), [&](const reply_tag& row) {
        return row.part == reply_part::reasoning && mentions(row.close);
    });
    out.think_open = thinks == std::end(reply_tags) ? std::string_view{} : thinks->open;
    if (thinks != std::end(reply_tags)) out.think_close = thinks->close;
    return out;
}

NIBBLE_NAMESPACE_END
