// SPDX-License-Identifier: Apache-2.0
// The split patterns of tekken and GPT-4o: words also end where a capital follows a small letter.
#pragma once

#include <cstddef>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/pretokenizer/scanner.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace pretokenizer_detail {

/// Of [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+
///   |[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*
/// the end of the match at `at`, where `first` stands; `at` where there is none. The two overlap in Lm, Lo and M, so a
/// match may have to give characters back: the upper run takes all it can; if no lower letter follows, the match ends
/// behind the run's last character of the overlap.
[[nodiscard]] constexpr std::size_t cased_letters_end(std::string_view text, std::size_t at, unit first) noexcept {
    constexpr class_set overlap = set_of(char_class::letter, char_class::mark);
    constexpr class_set uppers = overlap | set_of(char_class::upper);
    constexpr class_set lowers = overlap | set_of(char_class::lower);
    if (is_newline(text[at])) return at;
    std::size_t end = first.set & letters ? at : at + first.length;
    const std::size_t start = end;
    std::size_t overlap_end = 0;
    unit next = unit_at(text, end);
    for (; next.set & uppers; next = unit_at(text, end)) {
        end += next.length;
        if (next.set & overlap) overlap_end = end;
    }
    if (next.set & lowers) return skip(text, end, lowers);
    if (overlap_end != 0) return overlap_end;
    if (first.set & marks) return at + first.length;  // not the prefix, but a word of the first alternative
    return end > start ? end : at;
}

/// The letters above, with `contractions` followed by (?i:'s|'t|'re|'ve|'m|'ll|'d)?, then
/// |\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
struct cased_rules {
    std::size_t digits;
    bool contractions;
};

/// The end of the word at `at`; requires at < text.size().
[[nodiscard]] constexpr std::size_t cased_word(std::string_view text, std::size_t at, cased_rules rules) noexcept {
    const unit first = unit_at(text, at);
    if (first.set & numbers) return number_end(text, at, rules.digits);
    if (std::size_t end = cased_letters_end(text, at, first); end > at) {
        if (rules.contractions && end < text.size() && text[end] == '\'') end += contraction_at<true>(text, end);
        return end;
    }
    std::size_t end = at + first.length;
    if ((first.set & solids) || (text[at] == ' ' && (unit_at(text, end).set & solids))) {
        end = skip(text, end, solids);
        while (is_newline_at(text, end) || (end < text.size() && text[end] == '/')) ++end;
        return end;
    }
    return space_or_newline_run(text, at);
}

}  // namespace pretokenizer_detail
NIBBLE_NAMESPACE_END
