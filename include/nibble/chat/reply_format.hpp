// SPDX-License-Identifier: Apache-2.0
// How models mark the parts of their replies: reasoning and tool calls.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/text/reply_tags.hpp>
#include <nibble/unicode/white_space.hpp>

NIBBLE_NAMESPACE_BEGIN

/// One way in which models write calls: `open`, JSON, `close`. Without `close` the call ends with its JSON.
/// The JSON is an object with a name and "arguments" or "parameters", or a list of such objects. With `after_name` it
/// is the arguments alone, behind the name: `open` `before_name` NAME `before_id` ID `after_name` JSON
/// `after_arguments` `close`; the id may be missing, and so may the white space at the ends of these texts. With
/// `before_key` there is no JSON but  `before_key` KEY `after_key` `before_value` VALUE `after_value`  for each
/// argument, and the name may end where the first of them begins.
struct tool_call_form {
    std::string open;
    std::string close = {};
    bool is_code = false;    ///< program text in place of JSON: a call of code_tool; needs `close`
    bool is_list = false;    ///< the model writes a list, of one call too; read in any form are both
    bool is_python = false;  ///< calls of Python in place of JSON; needs `close`
    std::string before_name = {}, after_name = {}, before_id = {}, after_arguments = {};
    bool id_has_name = false;  ///< the id is all of `before_name` NAME `before_id` ID
    std::string before_key = {}, after_key = {}, before_value = {}, after_value = {};
    std::string list_open = {}, list_close = {};                                ///< around all calls of a reply
    std::string name_key = "name", arguments_key = "arguments", id_key = "id";  ///< of the JSON that has the name

    [[nodiscard]] static tool_call_form of(const reply_tag& row) {
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

    /// Whether the name stands before the arguments, not in one JSON with them.
    [[nodiscard]] bool names_first() const noexcept { return !after_name.empty() || !before_key.empty(); }

    /// All texts of the form that mark something.
    [[nodiscard]] std::vector<std::string> tags() const {
        std::vector<std::string> out{open,       close,     before_name,  after_name,  before_id, after_arguments,
                                     before_key, after_key, before_value, after_value, list_open, list_close};
        std::erase(out, "");
        return out;
    }
};

/// What a piece of code that a model wants to be run becomes: a call of this name with the argument "code".
inline constexpr std::string_view code_tool = "python";
/// How models write code to be run, where they are told of tools to use from it.
[[nodiscard]] inline tool_call_form code_form() { return tool_call_form::of(usual_tag(reply_part::code)); }

/// All forms that reply_tags has.
[[nodiscard]] inline std::vector<tool_call_form> known_tool_call_forms() {
    std::vector<tool_call_form> out;
    for (const reply_tag& row : reply_tags)
        if (row.part == reply_part::tool_call) out.push_back(tool_call_form::of(row));
    return out;
}

/// Tags around an answer, or one before it, that are no part of it. `close` means something only behind `open`.
struct answer_tags {
    std::string open, close;
};

/// How a model marks the parts of its replies; by default in any of the ways that reply_tags has.
/// A vocabulary may have a tag as a control token (Mistral's [TOOL_CALLS]): it must then be decoded to be seen.
struct reply_format {
    /// Only at the start of a reply; empty: a reply has no reasoning.
    std::string think_open{usual_tag(reply_part::reasoning).open};
    std::string think_close{usual_tag(reply_part::reasoning).close};
    /// Of forms with the same `open` and `close` the first that fits a call is taken. The first of all is how the model
    /// itself writes calls.
    std::vector<tool_call_form> tool_calls = known_tool_call_forms();
    std::vector<answer_tags> answers = {};  ///< by default none, as they may be what a reply is about
    bool starts_in_reasoning = false;       ///< the prompt ends with think_open; see opens_reasoning()
    bool bare_calls = false;  ///< a reply that is a JSON object with a name is a call (Llama 3), or several
    /// The tools that may be called; not set: any. A bare object that names none of them is answer text, a call between
    /// tags is malformed.
    std::optional<std::vector<std::string>> tools = {};
    std::size_t max_call_bytes = std::size_t{1} << 20;  ///< a longer call is malformed; what waits takes no more memory

    /// All texts that mark a part.
    [[nodiscard]] std::vector<std::string> tags() const {
        std::vector<std::string> out{think_open, think_close};
        for (const auto& answer : answers) out.insert(out.end(), {answer.open, answer.close});
        std::erase(out, "");
        for (const auto& form : tool_calls)
            for (auto& tag : form.tags()) out.push_back(std::move(tag));
        return out;
    }
};

/// True if `prompt` ends with an open think tag, as some templates leave it: the reply then starts in its reasoning.
[[nodiscard]] inline bool opens_reasoning(std::string_view prompt, const reply_format& format = {}) {
    return !format.think_open.empty() && trim_end(prompt).ends_with(format.think_open);
}

/// The format for models with this chat template: those of the known tags that it mentions. Templates that show calls
/// as {"name": ..., "parameters": ...} and have no tag that ends one (Llama 3, Llama 4) get bare_calls.
[[nodiscard]] inline reply_format detect_reply_format(std::string_view chat_template) {
    reply_format out;
    const auto mentions = [&](std::string_view text) { return chat_template.find(text) != std::string_view::npos; };
    const auto shows = [&](const reply_tag& row) {
        if (!row.seen_as.empty()) return mentions(row.seen_as);
        if (row.part == reply_part::reasoning) return mentions(row.close);
        // What stands before a name is often put together of a variable and a tag.
        const std::string_view parts[] = {row.open, row.part == reply_part::answer ? row.close : row.after_name,
                                          row.after_arguments, row.before_key};
        return std::all_of(std::begin(parts), std::end(parts),
                           [&](std::string_view part) { return mentions(trim(part)); });
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
    const bool has_closed_json = std::any_of(out.tool_calls.begin(), out.tool_calls.end(),
                                             [](const auto& form) { return !form.close.empty() && !form.is_python; });
    out.bare_calls = mentions("\"parameters\": ") && mentions("\"name\": ") && !has_closed_json;
    return out;
}

NIBBLE_NAMESPACE_END
