// SPDX-License-Identifier: Apache-2.0
// What a model thought and called in past turns, put into prompts whose template would leave it out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/marks.hpp>
#include <nibble/chat/message.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/json/json.hpp>
#include <nibble/unicode/white_space.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Keeps the reasoning of past turns in a prompt. Before rendering, every reasoning and the content behind it get a
/// mark in front. Where a content's mark comes out of the template without that of its reasoning, the template has left
/// the reasoning out, and it is put there.
class kept_reasoning {
public:
    /// Marks the messages. `others` is what else the template sees.
    kept_reasoning(std::vector<message>& messages, array_view<const json*> others) {
        marks_.avoid(to_json(messages).dump());
        for (const json* other : others) marks_.avoid(other->dump());
        for (message& m : messages) {
            if (m.reasoning.empty()) continue;
            past_.push_back(m.reasoning);
            m.reasoning.insert(0, marks_.next());  // number 2 i
            m.content.insert(0, marks_.next());    // number 2 i + 1
        }
    }

    /// The rendered prompt without marks and with all reasoning before the contents that it shows; `gap` stands
    /// between.
    [[nodiscard]] std::string restore(std::string_view prompt, const reply_format& format, std::string_view gap) const {
        std::string out;
        std::vector<bool> shown(past_.size());
        marks_.split(prompt, [&](std::string_view stretch, std::size_t mark) {
            out += stretch;
            if (mark == text_marks::none) return;
            const std::size_t i = mark / 2;
            const bool of_content = mark % 2 == 1;
            if (of_content && !shown[i]) {
                out.resize(begin_of_empty(out, format));
                out += format.think_open + '\n' + past_[i] + '\n' + format.think_close;
                out += gap;
            }
            shown[i] = true;
        });
        return out;
    }

private:
    /// Where an empty thinking at the end of `text` begins, or the end.
    [[nodiscard]] static std::size_t begin_of_empty(std::string_view text, const reply_format& format) {
        std::string_view rest = text;
        for (const std::string_view tag : {std::string_view{format.think_close}, std::string_view{format.think_open}}) {
            rest = trim_end(rest);
            if (!rest.ends_with(tag)) return text.size();
            rest.remove_suffix(tag.size());
        }
        return rest.size();
    }

    text_marks marks_;
    std::vector<std::string> past_;
};

}  // namespace detail
NIBBLE_NAMESPACE_END
