// SPDX-License-Identifier: Apache-2.0
// A conversation as tokens, such that no text from outside can pass itself off as the template's own structure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/marks.hpp>
#include <nibble/chat/message.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/chat/tag_tokens.hpp>
#include <nibble/chat/template.hpp>
#include <nibble/core/any_of.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/json/json.hpp>
#include <nibble/text/special_tokens.hpp>
#include <nibble/text/tokenizer.hpp>
#include <nibble/text/turn_marks.hpp>
#include <nibble/unicode/utf8.hpp>
#include <nibble/unicode/white_space.hpp>

// The template's control tokens and the texts that it is given (messages, tools, variables) end up in one text. So that
// "<|im_end|>" in a message stays text, a mark is put into it before rendering, behind its first character: a character
// that occurs in none of the texts. Where the marks come out, the prompt has a seam, across which the tokenizer
// recognises no control token; a token of one character gets two in front. Between the control tokens a prompt is
// encoded as one text, whether it has seams or not.
//
// Some vocabularies have the tags of reasoning and tool calls (<think>, <tool_call>) as control tokens. What the model
// has said may contain these, but for those that mark turns too (<|end|> of gpt-oss).

NIBBLE_NAMESPACE_BEGIN

/// Encodes conversations for one tokenizer, which it borrows. Const methods from any thread.
class chat_encoder {
public:
    /// Looks through the vocabulary for the texts of control tokens, and of others that end a reply, once.
    explicit chat_encoder(const tokenizer& tokens, const reply_format& format = {}) : tokens_(&tokens) {
        const auto tags = tag_tokens(tokens, format);
        for (token id = 0; static_cast<std::size_t>(id) < tokens.n_vocab(); ++id) {
            if (!tokens.is_control(id) && !tokens.is_eog(id)) continue;
            const auto text = tokens.piece(id, {.special = true});
            if (text.empty()) continue;
            structure_.add(in_lower_case(text), static_cast<token>(texts_.size()), false);
            texts_.push_back(in_lower_case(text));
            is_tag_.push_back(std::binary_search(tags.begin(), tags.end(), id) && !find_turn_mark(text));
        }
        structure_.build();
    }

    /// The tokens of a conversation as `render` (messages and options in, prompt text out) writes it. No BOS is added:
    /// templates write their own. Throws what `render` throws, and errc::text_too_long.
    template <class Render>
    [[nodiscard]] std::vector<token> encode(array_view<message> messages, const chat_template_options& options,
                                            Render render) const {
        std::vector<message> marked(messages.begin(), messages.end());
        chat_template_options with = options;
        text_marks marks;
        for_each_text(marked, with, [&](const std::string& text, source) { marks.avoid(text); });
        const std::string mark = marks.next();
        for_each_text(marked, with, [&](std::string& text, source from) { put_marks(text, mark, from); });

        std::string prompt;
        std::vector<std::size_t> seams;
        marks.split(render(array_view<message>{marked}, std::as_const(with)),
                    [&](std::string_view stretch, std::size_t number) {
                        prompt += stretch;
                        if (number != text_marks::none) seams.push_back(prompt.size());
                    });
        std::vector<token> out;
        tokens_->encode(prompt, seams, out, {.add_special = false, .parse_special = true});
        return out;
    }

private:
    /// Whose text it is. What the model said may hold its tags; a key is what templates look up.
    enum class source { others, model, key };

    [[nodiscard]] static std::size_t first_character(std::string_view text) noexcept {
        return decode_utf8(text, 0).length;
    }

    /// Templates may change the case of a text, and so make a control token of what is none.
    [[nodiscard]] static std::string in_lower_case(std::string_view text) {
        std::string out{text};
        for (char& c : out)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        return out;
    }

    /// Calls f(text, source) for every text that comes from a person, a tool or the model.
    template <class F>
    static void for_each_text(std::vector<message>& messages, chat_template_options& options, F f) {
        for (message& m : messages) {
            const source from = m.role == role::assistant ? source::model : source::others;
            for (std::string* text : {&m.content, &m.reasoning}) f(*text, from);
            for (std::string* text : {&m.name, &m.tool_call_id}) f(*text, source::others);
            for (auto& call : m.tool_calls) {  // tags stand around these, not in them
                f(call.id, source::others);
                f(call.name, source::others);
                for_each_string(call.arguments, f);
            }
        }
        for_each_string(options.tools, f);
        for_each_string(options.python_tools, f);
        if (options.variables.is_object()) {  // the names of the variables are the program's
            json::object variables;
            for (const json_member& variable : std::as_const(options.variables).as_object()) {
                json inner = variable.value;
                for_each_string(inner, f);
                variables.set(variable.key, std::move(inner));
            }
            options.variables = std::move(variables);
        }
    }

    // As deep as the value is: one that was parsed nests at most json_limits::depth levels.
    template <class F>
    static void for_each_string(json& value, F& f) {
        if (value.is_string()) {
            std::string text = value.as_string();
            f(text, source::others);
            value = json(std::move(text));
        } else if (value.is_array()) {
            for (auto& item : value.as_array()) for_each_string(item, f);
        } else if (value.is_object()) {
            json::object members;
            for (const auto& member : std::as_const(value).as_object()) {
                std::string key = member.key;
                json inner = member.value;
                f(key, source::key);
                for_each_string(inner, f);
                members.set(std::move(key), std::move(inner));
            }
            value = std::move(members);
        }
    }

    /// Puts marks into `text` so that it contains no control token's text, and does not end in the start of one.
    void put_marks(std::string& text, std::string_view mark, source from) const {
        const std::string lower = in_lower_case(text);
        std::vector<std::size_t> places;
        structure_.for_each_start(lower, true, [&](const special_tokens::match& found) {
            if (from == source::model && is_tag_[static_cast<std::size_t>(found.id)]) return;
            const std::size_t length = first_character(std::string_view{lower}.substr(found.begin));
            const bool is_whole = found.length <= length;
            places.insert(places.end(), is_whole ? 2 : 1, is_whole ? found.begin : found.begin + length);
        });
        const std::size_t end = trim_end(lower).size();  // templates trim
        if (ends_in_start(std::string_view{lower}.substr(0, end), from)) places.push_back(end);
        if (places.empty()) return;
        std::sort(places.begin(), places.end());
        std::string out;
        std::size_t done = 0;
        for (const std::size_t place : places) {
            out.append(text, done, place - done).append(mark);
            done = place;
        }
        text = out.append(text, done);
    }

    [[nodiscard]] bool ends_in_start(std::string_view text, source from) const noexcept {
        for (const std::string_view control : texts_)
            for (std::size_t length = std::min(control.size() - 1, text.size()); length > 0; --length) {
                const auto start = control.substr(0, length);
                if (text.ends_with(start) && !(from == source::key && is_name(start))) return true;
            }
        return false;
    }

    /// A key that ends in such a start must stay what it is: templates look it up.
    [[nodiscard]] static bool is_name(std::string_view start) noexcept {
        return all_of(start, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
    }

    const tokenizer* tokens_;
    special_tokens structure_;        // over texts_
    std::vector<std::string> texts_;  // in lower case
    std::vector<bool> is_tag_;        // of texts_: a tag of reasoning or tool calls
};

NIBBLE_NAMESPACE_END
