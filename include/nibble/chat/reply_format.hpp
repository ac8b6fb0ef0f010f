// SPDX-License-Identifier: Apache-2.0
// How models mark the parts of their replies: reasoning and tool calls.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>

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
[[nodiscard]] inline tool_call_form code_form() { return {"<code>", "</code>", true}; }

/// How a model marks the parts of its replies. The defaults are those of SmolLM3, Qwen, DeepSeek and many others.
/// A vocabulary may have a tag as a control token (Mistral's [TOOL_CALLS]): it must then be decoded to be seen.
struct reply_format {
    std::string think_open = "<think>";  ///< only at the start of a reply; empty: a reply has no reasoning
    std::string think_close = "</think>";
    std::vector<tool_call_form> tool_calls = {
        {"<tool_call>", "</tool_call>"}, {"[TOOL_CALLS]", ""}, {"<|tool_call|>", ""}, {"<|python_tag|>", ""}};
    bool starts_in_reasoning = false;  ///< the prompt ends with think_open; see opens_reasoning()
    bool bare_calls = false;           ///< a reply that is a JSON object with a name is a call (Llama 3)
    std::size_t max_call_bytes = std::size_t{1} << 20;  ///< a longer call is malformed; what waits takes no more memory
};

/// True if `prompt` ends with an open think tag, as some templates leave it: the reply then starts in its reasoning.
[[nodiscard]] inline bool opens_reasoning(std::string_view prompt, const reply_format& format = {}) {
    const auto last = prompt.find_last_not_of(" \t\r\n");
    return !format.think_open.empty() && last != std::string_view::npos &&
           prompt.substr(0, last + 1).ends_with(format.think_open);
}

/// The format for models with this chat template: those of the usual tags that it mentions. Templates that show calls
/// as {"name": ..., "parameters": ...} (Llama 3) get bare_calls.
[[nodiscard]] inline reply_format detect_reply_format(std::string_view chat_template) {
    reply_format out;
    const auto mentions = [&](std::string_view text) { return chat_template.find(text) != std::string_view::npos; };
    out.tool_calls.erase(std::remove_if(out.tool_calls.begin(), out.tool_calls.end(),
                                        [&](const auto& form) { return !mentions(form.open); }),
                         out.tool_calls.end());
    out.bare_calls = mentions("\"parameters\": ") && mentions("\"name\": ") && !mentions("<tool_call>");
    if (!mentions(out.think_close)) out.think_open.clear();
    return out;
}

NIBBLE_NAMESPACE_END
