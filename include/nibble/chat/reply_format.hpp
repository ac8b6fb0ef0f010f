// SPDX-License-Identifier: Apache-2.0
// How models mark the parts of their replies: reasoning and tool calls.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/text/reply_tags.hpp>

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

    [[nodiscard]] static tool_call_form of(const reply_tag& row);

    /// Whether the name stands before the arguments, not in one JSON with them.
    [[nodiscard]] bool names_first() const noexcept { return !after_name.empty() || !before_key.empty(); }

    /// All texts of the form that mark something.
    [[nodiscard]] std::vector<std::string> tags() const;
};

/// What a piece of code that a model wants to be run becomes: a call of this name with the argument "code".
inline constexpr std::string_view code_tool = "python";
/// How models write code to be run, where they are told of tools to use from it.
[[nodiscard]] inline tool_call_form code_form() { return tool_call_form::of(usual_tag(reply_part::code)); }

/// All forms that reply_tags has.
[[nodiscard]] NIBBLE_FUNCTION std::vector<tool_call_form> known_tool_call_forms();

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
    [[nodiscard]] std::vector<std::string> tags() const;
};

/// True if `prompt` ends with an open think tag, as some templates leave it: the reply then starts in its reasoning.
[[nodiscard]] NIBBLE_FUNCTION bool opens_reasoning(std::string_view prompt, const reply_format& format = {});

/// The format for models with this chat template: those of the known tags that it mentions. Templates that show calls
/// as {"name": ..., "parameters": ...} and have no tag that ends one (Llama 3, Llama 4) get bare_calls.
[[nodiscard]] NIBBLE_FUNCTION reply_format detect_reply_format(std::string_view chat_template);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/chat/reply_format_impl.hpp>
#endif
