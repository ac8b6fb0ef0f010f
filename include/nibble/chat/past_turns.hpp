// SPDX-License-Identifier: Apache-2.0
// What a model thought and called in past turns, put into prompts whose template would leave it out.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/message.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/core/config.hpp>
#include <nibble/json/json.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Moves the calls of a message into its content, written as the model writes them.
inline void write_calls_as_text(message& m, const reply_format& format) {
    for (const tool_call& call : std::exchange(m.tool_calls, {})) {
        tool_call_form form;
        if (!format.tool_calls.empty()) form = format.tool_calls.front();
        const json* code = call.name == code_tool ? call.arguments.find("code") : nullptr;
        if (code && code->is_string()) form = code_form();
        const auto line = [&](std::string_view text) {
            if (text.empty()) return;
            if (!m.content.empty()) m.content += '\n';
            m.content += text;
        };
        line(form.open);
        line(form.is_code
                 ? code->as_string()
                 : json(json_object{{"name", call.name}, {"arguments", call.arguments}}).dump(json_format::python()));
        line(form.close);
    }
}

/// Keeps the reasoning of past turns in a prompt. Before rendering, every reasoning and the content behind it get a
/// mark in front, a private-use character that occurs nowhere else. Where a content's mark comes out of the template
/// without that of its reasoning, the template has left the reasoning out, and it is put there.
class kept_reasoning {
public:
    /// Marks the messages. `others` is what else the template is told.
    kept_reasoning(std::span<message> messages, std::span<const json* const> others) {
        std::set<char32_t> used;
        const auto look_through = [&](const json& value) {
            for_each_private(value.dump(), [&](std::size_t, utf8_unit unit) { used.insert(unit.code_point); });
        };
        look_through(to_json(messages));
        for (const json* other : others) look_through(*other);
        char32_t next = first_private;
        const auto mark = [&](std::string& text, bool of_content) {
            while (used.contains(next)) ++next;
            marks_[next] = {past_.size(), of_content};
            std::string made;
            append_utf8(made, next++);
            text.insert(0, made);
        };
        for (message& m : messages) {
            if (m.reasoning.empty()) continue;
            const std::string reasoning = m.reasoning;
            mark(m.reasoning, false);
            mark(m.content, true);
            past_.push_back(reasoning);
        }
    }

    /// The rendered prompt without marks and with all reasoning before the contents that it shows; `gap` stands
    /// between.
    [[nodiscard]] std::string restore(std::string_view prompt, const reply_format& format, std::string_view gap) const {
        std::string out;
        std::vector<bool> shown(past_.size());
        std::size_t done = 0;
        for_each_private(prompt, [&](std::size_t at, utf8_unit unit) {
            const auto found = marks_.find(unit.code_point);
            if (found == marks_.end()) return;
            out += prompt.substr(done, at - done);
            done = at + unit.length;
            const auto [i, of_content] = found->second;
            if (of_content && !shown[i]) {
                out.resize(begin_of_empty(out, format));
                out += format.think_open + '\n' + past_[i] + '\n' + format.think_close;
                out += gap;
            }
            shown[i] = true;
        });
        return out += prompt.substr(done);
    }

private:
    static constexpr char32_t first_private = 0xf0000;  // of plane 15, all of which starts with the byte F3

    template <class F>
    static void for_each_private(std::string_view text, F f) {
        for (std::size_t at = text.find('\xf3'); at < text.size(); at = text.find('\xf3', at + 1))
            if (const utf8_unit unit = decode_utf8(text, at);
                unit.code_point >= first_private && unit.code_point != invalid_code_point)
                f(at, unit);
    }

    /// Where an empty thinking at the end of `text` begins, or the end.
    [[nodiscard]] static std::size_t begin_of_empty(std::string_view text, const reply_format& format) {
        std::string_view rest = text;
        for (const std::string_view tag : {std::string_view{format.think_close}, std::string_view{format.think_open}}) {
            rest = rest.substr(0, rest.find_last_not_of(" \t\r\n") + 1);  // npos + 1 is 0
            if (!rest.ends_with(tag)) return text.size();
            rest.remove_suffix(tag.size());
        }
        return rest.size();
    }

    std::vector<std::string> past_;
    std::map<char32_t, std::pair<std::size_t, bool>> marks_;  ///< index into past_; whether of the content
};

}  // namespace detail
NIBBLE_NAMESPACE_END
