// SPDX-License-Identifier: Apache-2.0
// The texts with which models mark the parts of what they say: one table for all families.
#pragma once

#include <cstdint>
#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What stands between two tags.
enum class reply_part : std::uint8_t {
    reasoning,
    tool_call,      ///< JSON that has name and arguments, or a name and then the arguments
    code,           ///< program text to be run
    tool_response,  ///< what a tool has answered
    answer,         ///< what is left; its tags are part of no text
};

/// A part lies between `open` and `close`. Without `close` it ends by itself, as JSON does. Where a call has its name
/// outside of the JSON:  open  before_name NAME [before_id ID] after_name ARGUMENTS after_arguments  close
/// ARGUMENTS are JSON, or with before_key each of them is  before_key KEY after_key before_value VALUE after_value
struct reply_tag {
    reply_part part;
    std::string_view open, close = {};
    /// Vocabularies that have the two as control tokens still show them in decoded text: they are part of what a reply
    /// says. Others are shown by sessions only, where the model's chat template has them.
    bool always_shown = false;
    bool is_list = false;               ///< of a call: the JSON is a list of calls
    bool is_python = false;             ///< of calls: [f(x=1), g()], or one a line
    std::string_view before_name = {};  ///< of a call, as what follows
    std::string_view after_name = {};   ///< empty: the JSON has the name, or before_key ends it
    std::string_view before_id = {};    ///< empty: no id stands beside the name
    bool id_has_name = false;           ///< the id is all of  before_name NAME before_id ID
    std::string_view after_arguments = {};
    std::string_view before_key = {}, after_key = {}, before_value = {}, after_value = {};
    std::string_view list_open = {}, list_close = {};                                ///< around all calls of a reply
    std::string_view name_key = "name", arguments_key = "arguments", id_key = "id";  ///< of a call: in its JSON
    /// What the chat template of a model with these tags has in it; empty: the tags themselves.
    std::string_view seen_as = {};
};

// Of the forms of calls that begin alike, the more special ones come first.
// clang-format off
inline constexpr reply_tag reply_tags[] = {
    // SmolLM3, Qwen, DeepSeek and others; Magistral; Seed-OSS; Command A; gpt-oss
    {.part = reply_part::reasoning, .open = "<think>", .close = "</think>", .always_shown = true},
    {.part = reply_part::reasoning, .open = "[THINK]", .close = "[/THINK]"},
    {.part = reply_part::reasoning, .open = "<seed:think>", .close = "</seed:think>"},
    {.part = reply_part::reasoning, .open = "<|START_THINKING|>", .close = "<|END_THINKING|>"},
    {.part = reply_part::reasoning, .open = "<|channel|>analysis<|message|>", .close = "<|end|>",
     .seen_as = "<|channel|>analysis<|message|>"},
    // Command A; Hunyuan; Granite 3.3; gpt-oss: what ends an answer ends the reply, but not what is said before a call
    {.part = reply_part::answer, .open = "<|START_RESPONSE|>", .close = "<|END_RESPONSE|>"},
    {.part = reply_part::answer, .open = "<answer>", .close = "</answer>"},
    {.part = reply_part::answer, .open = "<response>", .close = "</response>"},
    {.part = reply_part::answer, .open = "<|start|>assistant", .seen_as = "<|channel|>final<|message|>"},
    {.part = reply_part::answer, .open = "<|channel|>final<|message|>"},
    {.part = reply_part::answer, .open = "<|channel|>commentary<|message|>", .close = "<|end|>",
     .seen_as = "<|channel|>final<|message|>"},
    // Qwen3-Coder, Seed-OSS; Qwen3-Coder where it forgets the outer tag
    {.part = reply_part::tool_call, .open = "<tool_call>", .close = "</tool_call>", .always_shown = true,
     .before_name = "\n<function=", .after_name = ">\n", .after_arguments = "</function>\n",
     .before_key = "<parameter=", .after_key = ">\n", .after_value = "\n</parameter>\n"},
    {.part = reply_part::tool_call, .open = "<seed:tool_call>", .close = "</seed:tool_call>",
     .before_name = "\n<function=", .after_name = ">\n", .after_arguments = "</function>\n",
     .before_key = "<parameter=", .after_key = ">", .after_value = "</parameter>\n"},
    {.part = reply_part::tool_call, .open = "<function=", .close = "</function>", .after_name = ">\n",
     .before_key = "<parameter=", .after_key = ">\n", .after_value = "\n</parameter>\n"},
    // MiniMax M2
    {.part = reply_part::tool_call, .open = "<invoke name=\"", .close = "</invoke>", .after_name = "\">\n",
     .before_key = "<parameter name=\"", .after_key = "\">", .after_value = "</parameter>\n",
     .list_open = "<minimax:tool_call>", .list_close = "</minimax:tool_call>"},
    // Hunyuan A13B; 3; GLM-4.5 and later
    {.part = reply_part::tool_call, .open = "<tool_call>", .close = "</tool_call>", .always_shown = true,
     .after_name = "\n```json\n", .after_arguments = "\n```\n",
     .list_open = "<tool_calls>", .list_close = "</tool_calls>"},
    {.part = reply_part::tool_call, .open = "<tool_call>", .close = "</tool_call>", .always_shown = true,
     .after_name = "<tool_sep>", .after_arguments = "\n",
     .before_key = "\n<arg_key>", .after_key = "</arg_key>\n", .before_value = "<arg_value>",
     .after_value = "</arg_value>", .list_open = "<tool_calls>", .list_close = "</tool_calls>"},
    {.part = reply_part::tool_call, .open = "<tool_call>", .close = "</tool_call>", .always_shown = true,
     .after_arguments = "\n", .before_key = "\n<arg_key>", .after_key = "</arg_key>\n",
     .before_value = "<arg_value>", .after_value = "</arg_value>"},
    // Hermes, SmolLM3, Qwen
    {.part = reply_part::tool_call, .open = "<tool_call>", .close = "</tool_call>", .always_shown = true},
    // Mistral, from version 11 of its tokenizer on, and before
    {.part = reply_part::tool_call, .open = "[TOOL_CALLS]", .after_name = "[ARGS]", .before_id = "[CALL_ID]"},
    {.part = reply_part::tool_call, .open = "[TOOL_CALLS]", .is_list = true},
    // Granite, Phi
    {.part = reply_part::tool_call, .open = "<|tool_call|>", .is_list = true},
    // LFM2; Llama 4; OLMo 3
    {.part = reply_part::tool_call, .open = "<|tool_call_start|>", .close = "<|tool_call_end|>",
     .is_list = true, .is_python = true},
    {.part = reply_part::tool_call, .open = "<|python_start|>", .close = "<|python_end|>",
     .is_list = true, .is_python = true},
    {.part = reply_part::tool_call, .open = "<function_calls>", .close = "</function_calls>", .is_python = true},
    // Command R7B, Command A
    {.part = reply_part::tool_call, .open = "<|START_ACTION|>", .close = "<|END_ACTION|>", .is_list = true,
     .name_key = "tool_name", .arguments_key = "parameters", .id_key = "tool_call_id"},
    // gpt-oss, in either order and with the type of the arguments or its name alone
    {.part = reply_part::tool_call, .open = "<|channel|>commentary to=functions.",
     .after_name = " <|constrain|>json<|message|>", .seen_as = "<|channel|>commentary"},
    {.part = reply_part::tool_call, .open = "<|channel|>commentary to=functions.",
     .after_name = " json<|message|>", .seen_as = "<|channel|>commentary"},
    {.part = reply_part::tool_call, .open = "to=functions.", .after_name = "<|channel|>commentary json<|message|>",
     .seen_as = "<|channel|>commentary"},
    // Kimi K2
    {.part = reply_part::tool_call, .open = "<|tool_call_begin|>", .close = "<|tool_call_end|>",
     .before_name = "functions.", .after_name = "<|tool_call_argument_begin|>", .before_id = ":", .id_has_name = true,
     .list_open = "<|tool_calls_section_begin|>", .list_close = "<|tool_calls_section_end|>"},
    // Llama 3, Llama 3.1 with tools of one's own
    {.part = reply_part::tool_call, .open = "<|python_tag|>"},
    {.part = reply_part::tool_call, .open = "<function=", .close = "</function>", .after_name = ">"},
    // DeepSeek V3, R1 and its distills; V3.1
    {.part = reply_part::tool_call,
     .open = "<\uff5ctool\u2581call\u2581begin\uff5c>", .close = "<\uff5ctool\u2581call\u2581end\uff5c>",
     .before_name = "function<\uff5ctool\u2581sep\uff5c>", .after_name = "\n```json\n", .after_arguments = "\n```",
     .list_open = "<\uff5ctool\u2581calls\u2581begin\uff5c>", .list_close = "<\uff5ctool\u2581calls\u2581end\uff5c>"},
    {.part = reply_part::tool_call,
     .open = "<\uff5ctool\u2581call\u2581begin\uff5c>", .close = "<\uff5ctool\u2581call\u2581end\uff5c>",
     .after_name = "<\uff5ctool\u2581sep\uff5c>",
     .list_open = "<\uff5ctool\u2581calls\u2581begin\uff5c>", .list_close = "<\uff5ctool\u2581calls\u2581end\uff5c>"},
    // SmolLM3
    {.part = reply_part::code, .open = "<code>", .close = "</code>", .always_shown = true},
    // Hermes, SmolLM3, Qwen
    {.part = reply_part::tool_response, .open = "<tool_response>", .close = "</tool_response>", .always_shown = true},
};
// clang-format on

/// Whether a token with this text is shown although it is a control token.
[[nodiscard]] constexpr bool is_always_shown(std::string_view text) noexcept {
    for (const reply_tag& row : reply_tags)
        if (row.always_shown && (row.open == text || row.close == text)) return true;
    return false;
}

/// The first row for `part`: the tags that most models have.
[[nodiscard]] constexpr const reply_tag& usual_tag(reply_part part) noexcept {
    const reply_tag* row = reply_tags;
    while (row->part != part) ++row;
    return *row;
}

NIBBLE_NAMESPACE_END
