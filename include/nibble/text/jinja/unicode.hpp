// SPDX-License-Identifier: Apache-2.0
// Strings as Python sees them: code points, character classes, case.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
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

template <std::size_t N>
[[nodiscard]] constexpr char32_t map_case(const case_run (&runs)[N], char32_t c) noexcept {
    const auto* run = std::upper_bound(std::begin(runs), std::end(runs), c,
                                       [](char32_t code, const case_run& r) { return code < r.first; });
    if (run == std::begin(runs)) return c;
    --run;
    if (c > run->last || (c - run->first) % run->step != 0) return c;
    return static_cast<char32_t>(static_cast<std::int64_t>(c) + run->difference);
}
/// Simple case mapping: one code point to one.
[[nodiscard]] constexpr char32_t to_lower(char32_t c) noexcept {
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return map_case(to_lower_runs, c);
}
[[nodiscard]] constexpr char32_t to_upper(char32_t c) noexcept {
    if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
    return map_case(to_upper_runs, c);
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

/// Maps every code point with `f`; bytes that are no UTF-8 stay as they are.
template <class F>
[[nodiscard]] std::string map_code_points(std::string_view text, F&& f) {
    std::string out;
    out.reserve(text.size());
    for_each_code_point(text, [&](char32_t code, std::string_view bytes) {
        const char32_t mapped = f(code);
        if (mapped == code) {
            out += bytes;
        } else {
            append_utf8(out, mapped);
        }
    });
    return out;
}
/// str.lower and str.upper; of the mappings to several code points only that of U+00DF.
[[nodiscard]] inline std::string lowered(std::string_view text) { return map_code_points(text, to_lower); }
[[nodiscard]] inline std::string uppered(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for_each_code_point(text, [&](char32_t code, std::string_view bytes) {
        const char32_t upper = to_upper(code);
        if (code == 0xdf) {
            out += "SS";
        } else if (upper == code) {
            out += bytes;
        } else {
            append_utf8(out, upper);
        }
    });
    return out;
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
