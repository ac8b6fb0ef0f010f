// SPDX-License-Identifier: Apache-2.0
// Definitions of chat/reply_format.hpp: the forms of the table, and those that a template mentions.
#pragma once

#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/reply_format.hpp>
#include <nibble/core/any_of.hpp>
#include <nibble/text/reply_tags.hpp>
#include <nibble/unicode/white_space.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION tool_call_form tool_call_form::of(const reply_tag& row) {
    const auto text = [](std::string_view view) { return std::string{view}; };
    return {text(row.open),
            text(row.close),
            row.part == reply_part::code,
            row.is_list,
            row.is_python,
            text(row.before_name),
            text(row.after_name),
            text(row.before_id),
            text(row.after_arguments),
            row.id_has_name,
            text(row.before_key),
            text(row.after_key),
            text(row.before_value),
            text(row.after_value),
            text(row.list_open),
            text(row.list_close),
            text(row.name_key),
            text(row.arguments_key),
            text(row.id_key)};
}

NIBBLE_FUNCTION std::vector<std::string> tool_call_form::tags() const {
    std::vector<std::string> out{open,       close,     before_name,  after_name,  before_id, after_arguments,
                                 before_key, after_key, before_value, after_value, list_open, list_close};
    std::erase(out, "");
    return out;
}

NIBBLE_FUNCTION std::vector<tool_call_form> known_tool_call_forms() {
    std::vector<tool_call_form> out;
    for (const reply_tag& row : reply_tags)
        if (row.part == reply_part::tool_call) out.push_back(tool_call_form::of(row));
    return out;
}

NIBBLE_FUNCTION std::vector<std::string> reply_format::tags() const {
    std::vector<std::string> out{think_open, think_close};
    for (const auto& answer : answers) out.insert(out.end(), {answer.open, answer.close});
    std::erase(out, "");
    for (const auto& form : tool_calls)
        for (auto& tag : form.tags()) out.push_back(std::move(tag));
    return out;
}

NIBBLE_FUNCTION bool opens_reasoning(std::string_view prompt, const reply_format& format) {
    return !format.think_open.empty() && trim_end(prompt).ends_with(format.think_open);
}

NIBBLE_FUNCTION reply_format detect_reply_format(std::string_view chat_template) {
    reply_format out;
    const auto mentions = [&](std::string_view text) { return chat_template.find(text) != std::string_view::npos; };
    const auto shows = [&](const reply_tag& row) {
        if (!row.seen_as.empty()) return mentions(row.seen_as);
        if (row.part == reply_part::reasoning) return mentions(row.close);
        // What stands before a name is often put together of a variable and a tag.
        const std::string_view parts[] = {row.open, row.part == reply_part::answer ? row.close : row.after_name,
                                          row.after_arguments, row.before_key};
        return all_of(parts, [&](std::string_view part) { return mentions(trim(part)); });
    };
    out.tool_calls.clear();
    out.think_open.clear();
    for (const reply_tag& row : reply_tags) {
        if (!shows(row)) continue;
        if (row.part == reply_part::tool_call) out.tool_calls.push_back(tool_call_form::of(row));
        if (row.part == reply_part::answer) out.answers.push_back({std::string{row.open}, std::string{row.close}});
        if (row.part != reply_part::reasoning || !out.think_open.empty()) continue;
        out.think_open = row.open;
        out.think_close = row.close;
    }
    const bool has_closed_json =
        any_of(out.tool_calls, [](const auto& form) { return !form.close.empty() && !form.is_python; });
    out.bare_calls = mentions("\"parameters\": ") && mentions("\"name\": ") && !has_closed_json;
    return out;
}

NIBBLE_NAMESPACE_END
