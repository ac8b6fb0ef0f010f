// SPDX-License-Identifier: Apache-2.0
// Strings as Python sees them: code points and their classes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/jinja/case_tables.hpp>
#include <nibble/text/unicode_tables.hpp>
#include <nibble/text/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

[[nodiscard]] inline bool is_ascii(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Number of code points: what Python's len() says. Bytes that are no UTF-8 count as units of decode_utf8().
[[nodiscard]] inline std::size_t count_code_points(std::string_view text) noexcept {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++count) at += decode_utf8(text, at).length;
    return count;
}

/// Byte offset of the code point number `index`; text.size() beyond the end.
[[nodiscard]] inline std::size_t byte_offset(std::string_view text, std::size_t index) noexcept {
    std::size_t at = 0;
    for (; index > 0 && at < text.size(); --index) at += decode_utf8(text, at).length;
    return at;
}

/// str.isspace: White_Space and the four separators U+001C to U+001F.
[[nodiscard]] constexpr bool is_space(char32_t c) noexcept {
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f);
    return class_of(c) == char_class::space;
}
/// str.isprintable: what repr() shows as it is. Bytes that are no UTF-8 are shown so too.
[[nodiscard]] constexpr bool is_printable(char32_t c) noexcept {
    if (c < 0x80) return c >= 0x20 && c != 0x7f;
    if (c == invalid_code_point) return true;
    const char_class k = class_of(c);
    return k != char_class::other && k != char_class::space;
}
/// str.isalpha.
[[nodiscard]] constexpr bool is_letter(char32_t c) noexcept {
    const char_class k = class_of(c);
    return k == char_class::upper || k == char_class::lower || k == char_class::letter;
}
/// str.isalnum, but for a few ideographs that are numbers too (and letters anyway).
[[nodiscard]] constexpr bool is_alphanumeric(char32_t c) noexcept {
    return is_letter(c) || class_of(c) == char_class::number;
}
/// \w of Python's regular expressions.
[[nodiscard]] constexpr bool is_word(char32_t c) noexcept { return c == '_' || is_alphanumeric(c); }

/// str.isdecimal: the value 0 to 9 of a decimal digit of any script, or -1.
[[nodiscard]] constexpr int digit_value(char32_t c) noexcept {
    if (c < 0x80) return c >= '0' && c <= '9' ? static_cast<int>(c - '0') : -1;
    const auto* after = std::upper_bound(std::begin(decimal_zeros), std::end(decimal_zeros), c);
    if (after == std::begin(decimal_zeros)) return -1;
    const char32_t zero = *(after - 1);
    return c - zero <= 9 ? static_cast<int>(c - zero) : -1;
}

/// Calls f(code point, its bytes) for each code point of `text`.
template <class F>
void for_each_code_point(std::string_view text, F&& f) {
    for (std::size_t at = 0; at < text.size();) {
        const utf8_unit next = decode_utf8(text, at);
        f(next.code_point, text.substr(at, next.length));
        at += next.length;
    }
}

/// True where `text` is not empty and `f` holds for each of its code points: the form of str.isspace and its kin.
template <class F>
[[nodiscard]] bool every_code_point(std::string_view text, F&& f) {
    bool all = !text.empty();
    for_each_code_point(text, [&](char32_t code, std::string_view) { all = all && f(code); });
    return all;
}

/// str.strip() without an argument, on either side.
[[nodiscard]] inline std::string_view strip_space(std::string_view text, bool left = true, bool right = true) noexcept {
    while (left && !text.empty()) {
        const utf8_unit next = decode_utf8(text, 0);
        if (!is_space(next.code_point)) break;
        text.remove_prefix(next.length);
    }
    while (right && !text.empty()) {
        std::size_t start = text.size() - 1;
        while (start > 0 && text.size() - start < 4 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80)
            --start;
        const utf8_unit last = decode_utf8(text, start);
        if (start + last.length != text.size() || !is_space(last.code_point)) break;
        text = text.substr(0, start);
    }
    return text;
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
