// SPDX-License-Identifier: Apache-2.0
// A conversation as tokens, such that no message can pass itself off as the template's own structure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/reply_parser.hpp>
#include <nibble/chat/template.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/json/json.hpp>
#include <nibble/text/tokenizer.hpp>
#include <nibble/unicode/utf8.hpp>

// The template's control tokens and the messages end up in one text. So that "<|im_end|>" in a message stays text, a
// seam is put into it before rendering, after its first character: a private-use character that occurs in none of
// the messages. The rendered prompt is cut at the seams and each part is encoded on its own; no part contains the
// whole of a control token's text unless the template wrote it. Messages without such text (nearly all) are rendered
// as they are, in one part, so that their tokens are those of every other implementation.
//
// Some vocabularies have the tags of reasoning and tool calls (<think>, <tool_call>) as control tokens. What the model
// has said may contain these.

NIBBLE_NAMESPACE_BEGIN

/// The texts with which a reply marks its parts.
[[nodiscard]] inline std::vector<std::string> tags_of(const reply_format& format) {
    std::vector<std::string> out{format.think_open, format.think_close};
    for (const auto& form : format.tool_calls) out.insert(out.end(), {form.open, form.close});
    std::erase(out, "");
    return out;
}

/// Encodes conversations for one tokenizer, which it borrows. Const methods from any thread.
class chat_encoder {
public:
    /// Looks through the vocabulary for the texts of control tokens once.
    explicit chat_encoder(const tokenizer& tokens, const reply_format& format = {})
        : tokens_(&tokens), tags_(tags_of(format)) {
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
        std::vector<message> sewn(messages.begin(), messages.end());
        const std::string seam = unused_character(sewn);
        bool any = false;
        for (auto& m : sewn)
            for_each_text(m, [&](std::string& text) { any |= sew(text, seam, m.role == role::assistant); });
        const std::string prompt = any ? render(std::span<const message>{sewn}) : render(messages);

        std::vector<token> out;
        for (std::size_t begin = 0; begin <= prompt.size();) {
            const std::size_t end = any ? std::min(prompt.find(seam, begin), prompt.size()) : prompt.size();
            tokens_->encode(std::string_view{prompt}.substr(begin, end - begin), out,
                            {.add_special = false, .parse_special = true});
            begin = end + (any ? seam.size() : 1);
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

    /// The first character of the private-use plane 15 that none of the messages contains.
    [[nodiscard]] static std::string unused_character(std::vector<message>& messages) {
        constexpr std::uint32_t first = 0xf0000, count = 0xfffe;
        std::vector<bool> used;
        for (auto& m : messages)
            for_each_text(m, [&](const std::string& text) {
                for (std::size_t at = text.find('\xf3'); at < text.size(); at = text.find('\xf3', at + 1)) {
                    const auto offset = decode_utf8(text, at).code_point - first;
                    if (offset >= count) continue;
                    used.resize(count);
                    used[offset] = true;
                }
            });
        std::uint32_t offset = 0;
        while (offset < used.size() && used[offset]) ++offset;  // all 65534 used: the one after them is no character
        std::string seam;
        append_utf8(seam, first + offset);
        return seam;
    }

    /// Puts seams into `text` so that it contains no control token's text, and does not end in the start of one.
    /// Returns whether there was anything to do. Tags may stay where `tags_stay`.
    bool sew(std::string& text, std::string_view seam, bool tags_stay) const {
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
            for (const auto control : found) text = sewn(text, control, seam);
        }
        if (ends_in_start(text)) {
            text += seam;
            any = true;
        }
        return any;
    }

    /// A seam after the first character of every place where `control` occurs, overlapping ones too.
    [[nodiscard]] static std::string sewn(std::string_view text, std::string_view control, std::string_view seam) {
        std::string out;
        const std::size_t first = first_character(control);
        std::size_t begin = 0;
        for (std::size_t at = text.find(control); at != std::string_view::npos; at = text.find(control, at + 1)) {
            out += text.substr(begin, at + first - begin);
            out += seam;
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
