// SPDX-License-Identifier: Apache-2.0
// The split patterns that llama-bpe has begun: words with at most one other character before them, short numbers.
#pragma once

#include <cstddef>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/pretokenizer/scanner.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace pretokenizer_detail {

/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[words]+|\p{N}{1,digits}| ?[solids]+[\r\n]{0,newlines}
/// |\s*[\r\n]+|\s+(?!\S)|\s+
struct llama_rules {
    std::size_t digits;
    class_set words = letters;
    class_set solids = pretokenizer_detail::solids;       ///< all but spaces, numbers and words
    std::size_t newlines = static_cast<std::size_t>(-1);  ///< so many at most behind [solids]+
    bool phrases = false;                                 ///< (?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+ in place of [words]+
};

/// The end of (?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+ that has begun with a letter before `at`: letters with their marks, and
/// single spaces between letters.
[[nodiscard]] constexpr std::size_t phrase_end(std::string_view text, std::size_t at) noexcept {
    for (;;) {
        at = skip(text, at, letters | marks);
        if (at == text.size() || text[at] != ' ' || !(unit_at(text, at + 1).set & letters)) return at;
        ++at;
    }
}

/// The end of the word at `at`; requires at < text.size().
[[nodiscard]] constexpr std::size_t llama_word(std::string_view text, std::size_t at, llama_rules rules) noexcept {
    if (text[at] == '\'')
        if (const std::size_t length = contraction_at<true>(text, at)) return at + length;
    const auto words_end = [&](std::size_t from) {
        return rules.phrases ? phrase_end(text, from) : skip(text, from, rules.words);
    };
    const unit first = unit_at(text, at);
    std::size_t end = at + first.length;
    if (first.set & rules.words) return words_end(end);
    if (first.set & numbers) return number_end(text, at, rules.digits);
    const unit second = unit_at(text, end);
    if ((second.set & rules.words) && !is_newline(text[at])) return words_end(end + second.length);
    if ((first.set & rules.solids) || (text[at] == ' ' && (second.set & rules.solids))) {
        end = skip(text, end, rules.solids);
        for (std::size_t n = 0; n < rules.newlines && is_newline_at(text, end); ++n) ++end;
        return end;
    }
    return space_or_newline_run(text, at);
}

}  // namespace pretokenizer_detail
NIBBLE_NAMESPACE_END
