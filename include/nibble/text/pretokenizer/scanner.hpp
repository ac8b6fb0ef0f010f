// SPDX-License-Identifier: Apache-2.0
// What the scanners of pre-tokenizers are made of: character classes, runs of them, and the pieces all patterns share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/unicode/class_tables.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace pretokenizer_detail {

/// A set of character classes: bit c is char_class c.
using class_set = std::uint32_t;

template <class... Classes>
constexpr class_set set_of(Classes... classes) {
    return (... | (class_set{1} << static_cast<unsigned>(classes)));
}

inline constexpr class_set letters = set_of(char_class::upper, char_class::lower, char_class::letter);
inline constexpr class_set numbers = set_of(char_class::number);
inline constexpr class_set marks = set_of(char_class::mark);
inline constexpr class_set spaces = set_of(char_class::space);
/// [^\s\p{L}\p{N}]. Bytes that are no UTF-8 are here too, each a character of its own.
inline constexpr class_set solids =
    set_of(char_class::other, char_class::mark, char_class::punctuation, char_class::symbol);

/// A byte below 0x80 -> the set that holds just its class; other bytes -> the empty set.
inline constexpr std::array<class_set, 256> ascii_sets = [] {
    std::array<class_set, 256> sets{};
    for (char32_t c = 0; c < 0x80; ++c) sets[c] = set_of(class_of(c));
    return sets;
}();

struct unit {
    class_set set;         ///< one bit; none at the end of the text
    std::uint32_t length;  ///< bytes; 0 at the end of the text
};

[[nodiscard]] constexpr char32_t code_point_at(std::string_view text, std::size_t at, std::uint32_t& length) noexcept {
    const utf8_unit decoded = decode_utf8(text, at);
    length = decoded.code_point == invalid_code_point ? 1 : decoded.length;
    return decoded.code_point;
}

[[nodiscard]] constexpr unit unit_at(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size()) return {0, 0};
    const auto byte = static_cast<std::uint8_t>(text[at]);
    if (byte < 0x80) return {ascii_sets[byte], 1};
    std::uint32_t length = 1;
    const char32_t code_point = code_point_at(text, at, length);
    return {set_of(class_of(code_point)), length};
}

/// End of the longest run of characters of `set` from `at`.
[[nodiscard]] constexpr std::size_t skip(std::string_view text, std::size_t at, class_set set) noexcept {
    while (at < text.size()) {
        const auto byte = static_cast<std::uint8_t>(text[at]);
        if ((ascii_sets[byte] & set) != 0) {
            ++at;
            continue;
        }
        if (byte < 0x80) break;
        const unit next = unit_at(text, at);
        if ((next.set & set) == 0) break;
        at += next.length;
    }
    return at;
}

/// End of a run of at most `most` numbers from `at`, where one stands.
[[nodiscard]] constexpr std::size_t number_end(std::string_view text, std::size_t at, std::size_t most) noexcept {
    for (std::size_t n = 0; n < most; ++n) {
        const unit next = unit_at(text, at);
        if (!(next.set & numbers)) break;
        at += next.length;
    }
    return at;
}

[[nodiscard]] constexpr bool is_newline(char c) noexcept { return c == '\r' || c == '\n'; }

[[nodiscard]] constexpr bool is_newline_at(std::string_view text, std::size_t at) noexcept {
    return at < text.size() && is_newline(text[at]);
}

/// Length of 's 't 're 've 'm 'll 'd at `at`, where text[at] is the apostrophe; 0 if there is none. With AnyCase also
/// capitals and, as case folding has it, U+017F for s.
template <bool AnyCase>
[[nodiscard]] constexpr std::size_t contraction_at(std::string_view text, std::size_t at) noexcept {
    const auto letter = [&](std::size_t i) {
        const char c = at + i < text.size() ? text[at + i] : '\0';
        return AnyCase && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    };
    const char first = letter(1), second = letter(2);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
    if ((first == 'r' || first == 'v') && second == 'e') return 3;
    if (first == 'l' && second == 'l') return 3;
    if (AnyCase && first == '\xc5' && second == '\xbf') return 3;
    return 0;
}

/// \s+(?!\S)|\s+ for the run of spaces text[at, end): all of it at the end of the text, else all but the last
/// character, which goes with what follows, but at least one.
[[nodiscard]] constexpr std::size_t space_run(std::string_view text, std::size_t at, std::size_t end,
                                              bool at_end_of_text) noexcept {
    if (at_end_of_text) return end;
    std::size_t last = end - 1;
    while ((static_cast<std::uint8_t>(text[last]) & 0xc0u) == 0x80u) --last;
    return last > at ? last : end;
}

/// \s*[\r\n]+|\s+(?!\S)|\s+ where text[at] is a space.
[[nodiscard]] constexpr std::size_t space_or_newline_run(std::string_view text, std::size_t at) noexcept {
    const std::size_t end = skip(text, at, spaces);
    for (std::size_t i = end; i > at; --i)
        if (is_newline(text[i - 1])) return i;
    return space_run(text, at, end, end == text.size());
}

}  // namespace pretokenizer_detail
NIBBLE_NAMESPACE_END
