// SPDX-License-Identifier: Apache-2.0
// The classes of characters that Python's str knows, and the space it strips.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/unicode/case_tables.hpp>
#include <nibble/unicode/class_tables.hpp>
#include <nibble/unicode/code_points.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

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
    const auto& zeros = unicode_detail::decimal_zeros;
    const auto* after = std::upper_bound(std::begin(zeros), std::end(zeros), c);
    if (after == std::begin(zeros)) return -1;
    const char32_t zero = *(after - 1);
    return c - zero <= 9 ? static_cast<int>(c - zero) : -1;
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
