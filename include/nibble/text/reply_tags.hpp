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
    tool_call,      ///< JSON
    code,           ///< program text to be run
    tool_response,  ///< what a tool has answered
};

/// A part lies between `open` and `close`. Without `close` it ends by itself, as JSON does.
struct reply_tag {
    reply_part part;
    std::string_view open, close;
    /// Vocabularies that have the two as control tokens still show them in decoded text: they are part of what a reply
    /// says. Others are shown by sessions only, where the model's chat template has them.
    bool always_shown;
};

// clang-format off
inline constexpr reply_tag reply_tags[] = {
    {reply_part::reasoning,     "<think>",         "</think>",         true},   // SmolLM3, Qwen, DeepSeek and others
    {reply_part::tool_call,     "<tool_call>",     "</tool_call>",     true},   // Hermes, SmolLM3, Qwen
    {reply_part::tool_call,     "[TOOL_CALLS]",    "",                 false},  // Mistral
    {reply_part::tool_call,     "<|tool_call|>",   "",                 false},  // Granite, Phi
    {reply_part::tool_call,     "<|python_tag|>",  "",                 false},  // Llama 3
    {reply_part::code,          "<code>",          "</code>",          true},   // SmolLM3
    {reply_part::tool_response, "<tool_response>", "</tool_response>", true},   // Hermes, SmolLM3, Qwen
};
// clang-format on

/// Whether a token with this text is shown although it is a control token.
[[nodiscard]] constexpr bool is_always_shown(std::string_view text) noexcept {
    for (const reply_tag& row : reply_tags)
        if (row.always_shown && (row.open == text || row.close == text)) return true;
    return false;
}

/// The first row for `part`: the form that most models have.
[[nodiscard]] constexpr const reply_tag& usual_tag(reply_part part) noexcept {
    const reply_tag* row = reply_tags;
    while (row->part != part) ++row;
    return *row;
}

NIBBLE_NAMESPACE_END
