// SPDX-License-Identifier: Apache-2.0
// Definitions of chat/call_scanner.hpp: the search for the end of a call.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/call_scanner.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/core/any_of.hpp>
#include <nibble/unicode/white_space.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

NIBBLE_FUNCTION call_scanner::call_scanner(std::vector<tool_call_form> forms, std::size_t max_bytes)
    : forms_(std::move(forms)), max_bytes_(max_bytes), at_(forms_.front().open.size()) {}

NIBBLE_FUNCTION call_scanner::state call_scanner::scan(std::string_view text, bool ended) {
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

NIBBLE_FUNCTION std::string_view call_scanner::content(std::string_view text) const noexcept {
    const std::size_t open = forms_.front().open.size();
    return text.substr(open, at_ - close_ - open);
}

NIBBLE_FUNCTION call_scanner::state call_scanner::broken(std::string problem) {
    problem_ = std::move(problem);
    return state::broken;
}

NIBBLE_FUNCTION call_scanner::state call_scanner::closed(std::size_t length) noexcept {
    close_ = length;
    at_ += length;
    return state::complete;
}

NIBBLE_FUNCTION void call_scanner::feed(std::string_view text) noexcept {
    in_json_ = in_json_ || begins_json(text);
    if (in_json_) json_.feed(text[at_]);
    in_name_ = in_name_ || !is_white_space(text[at_]);
}

NIBBLE_FUNCTION bool call_scanner::begins_json(std::string_view text) const noexcept {
    if (forms_.front().is_code || forms_.front().is_python || (text[at_] != '{' && text[at_] != '[')) return false;
    if (!in_name_) return true;
    const auto name = trim_end(text.substr(0, at_));
    return text[at_] == '{' && any_of(forms_, [&](const tool_call_form& form) {
               return !form.after_name.empty() && name.ends_with(trim(form.after_name));
           });
}

NIBBLE_FUNCTION bool call_scanner::may_lead_to_json(std::string_view text) const noexcept {
    if (begins_json(text) || (!in_name_ && is_white_space(text[at_]))) return true;
    const bool may_be_named = any_of(forms_, [](const tool_call_form& form) { return !form.after_name.empty(); });
    return may_be_named && text[at_] != '{' && text[at_] != '\n' && at_ < max_name_bytes;
}

}  // namespace detail
NIBBLE_NAMESPACE_END
