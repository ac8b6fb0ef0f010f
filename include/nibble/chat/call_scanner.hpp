// SPDX-License-Identifier: Apache-2.0
// Where a call of a tool ends that arrives piece by piece.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/reply_format.hpp>
#include <nibble/core/config.hpp>
#include <nibble/json/end_finder.hpp>
#include <nibble/unicode/white_space.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Looks for the end of one call whose forms have `open` and `close` in common. A closing tag inside of a JSON string
/// is part of the string. JSON begins with the first character, or with a '{' behind the `after_name` of a form.
/// Linear: no byte is looked at twice.
class call_scanner {
public:
    enum class state { waits, complete, broken };

    /// `forms` are not empty.
    call_scanner(std::vector<tool_call_form> forms, std::size_t max_bytes)
        : forms_(std::move(forms)), max_bytes_(max_bytes), at_(forms_.front().open.size()) {}

    /// Goes on with `text`, which begins with the opening tag and is longer each time. Once it is complete or broken,
    /// at() is where the call ends.
    [[nodiscard]] state scan(std::string_view text, bool ended) {
        const std::string& close = forms_.front().close;
        for (; at_ < text.size(); ++at_) {
            const char c = text[at_];
            if (close.empty()) {
                if (json_.done()) return state::complete;
                if (json_.broken()) return broken("a string that ends with its line");
                if (!in_json_ && !may_lead_to_json(text)) return broken("expected JSON after " + forms_.front().open);
            } else if (!json_.in_string() && c == close[0]) {
                const auto rest = text.substr(at_, close.size());
                if (rest == close) return closed(close.size());
                if (!ended && close.starts_with(rest)) return state::waits;
            }
            if (at_ >= max_bytes_) return broken("longer than " + std::to_string(max_bytes_) + " bytes");
            feed(text);
        }
        if (json_.done() && (ended || close.empty())) return state::complete;
        return ended ? broken("cut off before its end") : state::waits;
    }

    [[nodiscard]] std::size_t at() const noexcept { return at_; }
    /// What stands between the tags of a complete call.
    [[nodiscard]] std::string_view content(std::string_view text) const noexcept {
        const std::size_t open = forms_.front().open.size();
        return text.substr(open, at_ - close_ - open);
    }
    /// What is wrong with a broken call.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
    [[nodiscard]] const std::vector<tool_call_form>& forms() const noexcept { return forms_; }

private:
    static constexpr std::size_t max_name_bytes = 256;  // and what stands around it

    [[nodiscard]] state broken(std::string problem) {
        problem_ = std::move(problem);
        return state::broken;
    }
    [[nodiscard]] state closed(std::size_t length) noexcept {
        close_ = length;
        at_ += length;
        return state::complete;
    }

    /// The byte at at_ is part of the call.
    void feed(std::string_view text) noexcept {
        in_json_ = in_json_ || begins_json(text);
        if (in_json_) json_.feed(text[at_]);
        in_name_ = in_name_ || !is_white_space(text[at_]);
    }

    [[nodiscard]] bool begins_json(std::string_view text) const noexcept {
        if (forms_.front().is_code || forms_.front().is_python || (text[at_] != '{' && text[at_] != '[')) return false;
        if (!in_name_) return true;
        const auto name = trim_end(text.substr(0, at_));
        return text[at_] == '{' && std::any_of(forms_.begin(), forms_.end(), [&](const tool_call_form& form) {
                   return !form.after_name.empty() && name.ends_with(trim(form.after_name));
               });
    }

    /// Of a call that ends with its JSON: whether what came before at_ and the byte there may stand before it.
    [[nodiscard]] bool may_lead_to_json(std::string_view text) const noexcept {
        if (begins_json(text) || (!in_name_ && is_white_space(text[at_]))) return true;
        const bool may_be_named = std::any_of(forms_.begin(), forms_.end(),
                                              [](const tool_call_form& form) { return !form.after_name.empty(); });
        return may_be_named && text[at_] != '{' && text[at_] != '\n' && at_ < max_name_bytes;
    }

    std::vector<tool_call_form> forms_;
    std::size_t max_bytes_;
    std::size_t at_;         // looked at so far
    std::size_t close_ = 0;  // length of the closing tag at the end
    json_end_finder json_;
    bool in_json_ = false;
    bool in_name_ = false;  // something but white space has come
    std::string problem_;
};

}  // namespace detail
NIBBLE_NAMESPACE_END
