// SPDX-License-Identifier: Apache-2.0
// Writes pieces of GBNF: literals, character classes, ranges of integers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/hex.hpp>
#include <nibble/grammar/syntax.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// A GBNF literal for `text`, which must be UTF-8.
[[nodiscard]] inline std::string gbnf_literal(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += "\\x";
            append_hex(out, static_cast<unsigned char>(c), 2);
        } else {
            out += c;
        }
    }
    return out + '"';
}

/// A GBNF class of the given code points; `ranges` must not be empty.
[[nodiscard]] inline std::string gbnf_class(const std::vector<code_point_range>& ranges) {
    std::string out = "[";
    const auto put = [&out](char32_t c) {
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
            out += static_cast<char>(c);
        } else {
            out += c < 0x100 ? "\\x" : "\\U";
            append_hex(out, c, c < 0x100 ? 2 : 8);
        }
    };
    for (const auto& [first, last] : ranges) {
        put(first);
        if (last == first) continue;
        out += '-';
        put(last);
    }
    return out + "]";
}

/// `part` or `so_far | part`.
inline void append_alternative(std::string& so_far, const std::string& part) {
    if (part.empty()) return;
    if (!so_far.empty()) so_far += " | ";
    so_far += part;
}

/// Any `count` digits.
[[nodiscard]] inline std::string any_digits(std::size_t count) {
    if (count == 0) return {};
    return count == 1 ? " [0-9]" : " [0-9]{" + std::to_string(count) + "}";
}

/// The digit strings between `low` and `high`, which are equally long (at most 19: the recursion is as deep).
[[nodiscard]] inline std::string digits_between(std::string_view low, std::string_view high) {
    if (low.empty()) return {};
    const auto rest = low.size() - 1;
    const auto digit = [](char from, char to) {
        return from == to ? std::string{'[', from, ']'} : std::string{'[', from, '-', to, ']'};
    };
    if (low[0] == high[0]) {
        const auto tail = digits_between(low.substr(1), high.substr(1));
        return digit(low[0], low[0]) + (tail.empty() ? "" : " " + tail);
    }
    const bool low_is_free = low.substr(1).find_first_not_of('0') == std::string_view::npos;
    const bool high_is_free = high.substr(1).find_first_not_of('9') == std::string_view::npos;
    const char first = static_cast<char>(low[0] + (low_is_free ? 0 : 1)),
               last = static_cast<char>(high[0] - (high_is_free ? 0 : 1));
    std::string out;
    if (!low_is_free)
        append_alternative(out, digit(low[0], low[0]) + " " + digits_between(low.substr(1), std::string(rest, '9')));
    if (first <= last) append_alternative(out, digit(first, last) + any_digits(rest));
    if (!high_is_free)
        append_alternative(out, digit(high[0], high[0]) + " " + digits_between(std::string(rest, '0'), high.substr(1)));
    return "(" + out + ")";
}

/// The decimal forms, without leading zeros, of low to high. Empty if there are none.
[[nodiscard]] inline std::string naturals_between(std::uint64_t low, std::uint64_t high) {
    if (low > high) return {};
    const std::string first = std::to_string(low), last = std::to_string(high);
    if (first.size() == last.size()) return digits_between(first, last);
    std::string out;
    append_alternative(out, digits_between(first, std::string(first.size(), '9')));
    if (last.size() - first.size() > 1) {
        out += " | [1-9] [0-9]{" + std::to_string(first.size()) + "," + std::to_string(last.size() - 2) + "}";
    }
    append_alternative(out, digits_between("1" + std::string(last.size() - 1, '0'), last));
    return "(" + out + ")";
}

/// |value| without overflow.
[[nodiscard]] constexpr std::uint64_t magnitude(std::int64_t value) noexcept {
    return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

/// The decimal forms of low to high. Empty if there are none.
[[nodiscard]] inline std::string integers_between(std::int64_t low, std::int64_t high) {
    std::string out;
    if (low < 0) {
        const auto negative = naturals_between(high < 0 ? magnitude(high) : 1, magnitude(low));
        if (!negative.empty()) append_alternative(out, "\"-\" " + negative);
    }
    if (high >= 0) append_alternative(out, naturals_between(low < 0 ? 0 : magnitude(low), magnitude(high)));
    return out.empty() ? out : "(" + out + ")";
}

}  // namespace detail

NIBBLE_NAMESPACE_END
