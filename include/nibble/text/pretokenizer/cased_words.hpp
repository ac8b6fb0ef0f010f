// SPDX-License-Identifier: Apache-2.0
// The split patterns of tekken, GPT-4o and Kimi K2: words also end where a capital follows a small letter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/pretokenizer/isolate.hpp>
#include <nibble/text/pretokenizer/scanner.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace pretokenizer_detail {

/// \p{Han} of Unicode 16.
inline constexpr std::array han_ranges{
    code_range{0x2e80, 0x2e99},   code_range{0x2e9b, 0x2ef3},   code_range{0x2f00, 0x2fd5},
    code_range{0x3005, 0x3005},   code_range{0x3007, 0x3007},   code_range{0x3021, 0x3029},
    code_range{0x3038, 0x303b},   code_range{0x3400, 0x4dbf},   code_range{0x4e00, 0x9fff},
    code_range{0xf900, 0xfa6d},   code_range{0xfa70, 0xfad9},   code_range{0x16fe2, 0x16fe3},
    code_range{0x16ff0, 0x16ff1}, code_range{0x20000, 0x2a6df}, code_range{0x2a700, 0x2b739},
    code_range{0x2b740, 0x2b81d}, code_range{0x2b820, 0x2cea1}, code_range{0x2ceb0, 0x2ebe0},
    code_range{0x2ebf0, 0x2ee5d}, code_range{0x2f800, 0x2fa1d}, code_range{0x30000, 0x3134a},
    code_range{0x31350, 0x323af}};

/// The length of a character of \p{Han} at `at`; 0 where there is none.
[[nodiscard]] constexpr std::size_t han_at(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size() || static_cast<std::uint8_t>(text[at]) < 0xe2) return 0;  // U+2E80 begins with E2
    std::uint32_t length = 1;
    return in_ranges(han_ranges, code_point_at(text, at, length)) ? length : 0;
}

/// The letters, with `contractions` followed by (?i:'s|'t|'re|'ve|'m|'ll|'d)?, then
/// |\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
struct cased_rules {
    std::size_t digits;
    bool contractions;
    bool han_apart = false;  ///< \p{Han}+ comes first, and no letter is one
    bool slashes = true;     ///< without: [\r\n]* behind [^\s\p{L}\p{N}]+
};

/// Of [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+
///   |[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*
/// the end of the match at `at`, where `first` stands; `at` where there is none. The two overlap in Lm, Lo and M, so a
/// match may have to give characters back: the upper run takes all it can; if no lower letter follows, the match ends
/// behind the run's last character of the overlap.
[[nodiscard]] constexpr std::size_t cased_letters_end(std::string_view text, std::size_t at, unit first,
                                                      cased_rules rules) noexcept {
    constexpr class_set overlap = set_of(char_class::letter, char_class::mark);
    constexpr class_set uppers = overlap | set_of(char_class::upper);
    constexpr class_set lowers = overlap | set_of(char_class::lower);
    const auto letter_at = [&](std::size_t i) {
        return rules.han_apart && han_at(text, i) ? unit{} : unit_at(text, i);
    };
    if (is_newline(text[at])) return at;
    std::size_t end = first.set & letters ? at : at + first.length;
    const std::size_t start = end;
    std::size_t overlap_end = 0;
    unit next = letter_at(end);
    for (; next.set & uppers; next = letter_at(end)) {
        end += next.length;
        if (next.set & overlap) overlap_end = end;
    }
    if (next.set & lowers) {
        if (!rules.han_apart) return skip(text, end, lowers);
        for (; next.set & lowers; next = letter_at(end)) end += next.length;
        return end;
    }
    if (overlap_end != 0) return overlap_end;
    if (first.set & marks) return at + first.length;  // not the prefix, but a word of the first alternative
    return end > start ? end : at;
}

/// The end of the word at `at`; requires at < text.size().
[[nodiscard]] constexpr std::size_t cased_word(std::string_view text, std::size_t at, cased_rules rules) noexcept {
    if (rules.han_apart && han_at(text, at)) {
        while (const std::size_t length = han_at(text, at)) at += length;
        return at;
    }
    const unit first = unit_at(text, at);
    if (first.set & numbers) return number_end(text, at, rules.digits);
    if (std::size_t end = cased_letters_end(text, at, first, rules); end > at) {
        if (rules.contractions && end < text.size() && text[end] == '\'') end += contraction_at<true>(text, end);
        return end;
    }
    std::size_t end = at + first.length;
    if ((first.set & solids) || (text[at] == ' ' && (unit_at(text, end).set & solids))) {
        end = skip(text, end, solids);
        while (is_newline_at(text, end) || (rules.slashes && end < text.size() && text[end] == '/')) ++end;
        return end;
    }
    return space_or_newline_run(text, at);
}

}  // namespace pretokenizer_detail
NIBBLE_NAMESPACE_END
