// SPDX-License-Identifier: Apache-2.0
// The split pattern of GPT-2: words, numbers and other characters, each with at most one space before it.
#pragma once

#include <cstddef>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/pretokenizer/scanner.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace pretokenizer_detail {

/// The end of the word at `at`; requires at < text.size(). With Digits a number is a word by itself and the end of the
/// text for what stands before it.
template <bool Digits>
[[nodiscard]] constexpr std::size_t gpt2_word(std::string_view text, std::size_t at) noexcept {
    if (text[at] == '\'')
        if (const std::size_t length = contraction_at<false>(text, at)) return at + length;
    const unit first = unit_at(text, at);
    const unit second = text[at] == ' ' ? unit_at(text, at + 1) : unit{0, 0};
    const class_set kind = second.length != 0 && !(second.set & spaces) ? second.set : first.set;
    const std::size_t start = at + first.length;
    if (kind & letters) return skip(text, start, letters);
    if (kind & solids) return skip(text, start, solids);
    if (kind & numbers) {
        if (!Digits) return skip(text, start, numbers);
        return start;  // the number itself, or the one space before it
    }
    const std::size_t end = skip(text, start, spaces);
    const bool at_end = end == text.size() || (Digits && (unit_at(text, end).set & numbers));
    return space_run(text, at, end, at_end);
}

}  // namespace pretokenizer_detail
NIBBLE_NAMESPACE_END
