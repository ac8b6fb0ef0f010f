// SPDX-License-Identifier: Apache-2.0
// A conversation as tokens, such that no message can pass itself off as the template's own structure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/marks.hpp>
#include <nibble/chat/message.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/json/json.hpp>
#include <nibble/text/tokenizer.hpp>
#include <nibble/unicode/utf8.hpp>

// The template's control tokens and the messages end up in one text. So that "<|im_end|>" in a message stays text, a
// mark is put into it before rendering, after its first character: a character that occurs in none of the messages. The
// rendered prompt is cut at the marks and each part is encoded on its own; no part contains the whole of a control
// token's text unless the template wrote it. Messages without such text (nearly all) are rendered as they are, in one
// part, so that their tokens are those of every other implementation.
//
// Some vocabularies have the tags of reasoning and tool calls (<think>, <tool_call>) as control tokens. What the model
// has said may contain these.

NIBBLE_NAMESPACE_BEGIN

/// Encodes conversations for one tokenizer, which it borrows. Const methods from any thread.
class chat_encoder {
public:
    /// Looks through the vocabulary for the texts of control tokens once.
    explicit chat_encoder(const tokenizer& tokens, const reply_format& format = {})
        : tokens_(&tokens), tags_(format.tags()) {
        for (token id = 0; static_cast<std::size_t>(id) < tokens.n_vocab(); ++id) {
            if (!tokens.is_control(id)) continue;
            const auto text = tokens.piece(id, {.special = true});
            if (!text.empty() && text.size() > first_character(text)) control_texts_.emplace_back(text);
        }
    }

    /// The tokens of `messages` as `render` (messages in, prompt text out) writes them. No BOS is added: templates
    /// write their own. Throws what `render` throws, and errc::text_too_long.
    template <class Render>
    [[nodiscard]] std::vector<token> encode(std::span<const message> messages, Render render) const {
        std::vector<message> marked(messages.begin(), messages.end());
        text_marks marks;
        for (auto& m : marked) for_each_text(m, [&](const std::string& text) { marks.avoid(text); });
        const std::string mark = marks.next();
        bool any = false;
        for (auto& m : marked)
            for_each_text(m, [&](std::string& text) { any |= put_marks(text, mark, m.role == role::assistant); });

        std::vector<token> out;
        const auto encode_part = [&](std::string_view part, std::size_t) {
            tokens_->encode(part, out, {.add_special = false, .parse_special = true});
        };
        if (any) {
            marks.split(render(std::span<const message>{marked}), encode_part);
        } else {
            encode_part(render(messages), text_marks::none);
        }
        return out;
    }

private:
    [[nodiscard]] static std::size_t first_character(std::string_view text) noexcept {
        return decode_utf8(text, 0).length;
    }

    /// Calls f(text) for every text of a message that comes from a person, a tool or the model.
    template <class F>
    static void for_each_text(message& m, F f) {
        for (std::string* text : {&m.content, &m.reasoning, &m.name, &m.tool_call_id}) f(*text);
        for (auto& call : m.tool_calls) {
            f(call.id);
            f(call.name);
            for_each_string(call.arguments, f);
        }
    }

    // As deep as the value is: one that was parsed nests at most json_limits::depth levels.
    template <class F>
    static void for_each_string(json& value, F& f) {
        if (value.is_string()) {
            std::string text = value.as_string();
            f(text);
            value = json(std::move(text));
        } else if (value.is_array()) {
            for (auto& item : value.as_array()) for_each_string(item, f);
        } else if (value.is_object()) {
            json::object members;
            for (const auto& member : std::as_const(value).as_object()) {
                std::string key = member.key;
                json inner = member.value;
                f(key);
                for_each_string(inner, f);
                members.set(std::move(key), std::move(inner));
            }
            value = std::move(members);
        }
    }

    /// Puts marks into `text` so that it contains no control token's text, and does not end in the start of one.
    /// Returns whether there was anything to do. Tags may stay where `tags_stay`.
    bool put_marks(std::string& text, std::string_view mark, bool tags_stay) const {
        if (text.empty()) return false;
        bool any = false;
        // One round finds all but those that another one overlaps.
        for (std::size_t round = 0; round < control_texts_.size(); ++round) {
            std::vector<std::string_view> found;
            for (const token id : tokens_->encode(text, {.add_special = false, .parse_special = true})) {
                if (!tokens_->is_control(id)) continue;
                const auto control = tokens_->piece(id, {.special = true});
                if (tags_stay && std::find(tags_.begin(), tags_.end(), control) != tags_.end()) continue;
                if (control.size() > first_character(control) &&
                    std::find(found.begin(), found.end(), control) == found.end())
                    found.push_back(control);
            }
            if (found.empty()) break;
            any = true;
            for (const auto control : found) text = marked(text, control, mark);
        }
        if (ends_in_start(text)) {
            text += mark;
            any = true;
        }
        return any;
    }

    /// A mark after the first character of every place where `control` occurs, overlapping ones too.
    [[nodiscard]] static std::string marked(std::string_view text, std::string_view control, std::string_view mark) {
        std::string out;
        const std::size_t first = first_character(control);
        std::size_t begin = 0;
        for (std::size_t at = text.find(control); at != std::string_view::npos; at = text.find(control, at + 1)) {
            out += text.substr(begin, at + first - begin);
            out += mark;
            begin = at + first;
        }
        out += text.substr(begin);
        return out;
    }

    [[nodiscard]] bool ends_in_start(std::string_view text) const noexcept {
        for (const std::string_view control : control_texts_)
            for (std::size_t length = std::min(control.size() - 1, text.size()); length > 0; --length)
                if (text.substr(text.size() - length) == control.substr(0, length)) return true;
        return false;
    }

    const tokenizer* tokens_;
    std::vector<std::string> tags_, control_texts_;
};

NIBBLE_NAMESPACE_END
