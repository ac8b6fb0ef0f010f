// SPDX-License-Identifier: Apache-2.0
// Ranges of decimal fractions as GBNF.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/grammar/gbnf_text.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

inline constexpr char any_integer_text[] = "\"-\"? (\"0\" | [1-9] [0-9]{0,17})";
inline constexpr char any_number_text[] =
    "\"-\"? (\"0\" | [1-9] [0-9]{0,17}) (\".\" [0-9]{1,15})? ([eE] [+-]? [0-9]{1,2})?";

/// A limit that is not negative, in decimal: digits before the point and behind it.
struct decimal_limit {
    std::uint64_t whole = 0;
    std::string fraction = {};
    bool exclusive = false;
};

/// The shortest decimal that is read as |x|, which is below 2^63.
[[nodiscard]] inline decimal_limit decimal_of(double x, bool exclusive) {
    char text[400];  // the smallest double has 324 zeros and 17 digits
    const auto end = std::to_chars(text, text + sizeof text, std::fabs(x), std::chars_format::fixed).ptr;
    const std::string_view digits(text, static_cast<std::size_t>(end - text));
    const auto point = std::min(digits.find('.'), digits.size());
    decimal_limit out{0, std::string{digits.substr(std::min(point + 1, digits.size()))}, exclusive};
    std::from_chars(text, text + point, out.whole);
    return out;
}

/// What may follow the digits before the point: nothing, or a point and some digits.
struct fraction_text {
    bool may_be_missing = false;
    std::string digits = {};  ///< empty if no digits may follow
};

/// One limit of a fraction: the digits of it that are still to come; without `holds` there is no limit.
struct fraction_limit {
    bool holds = false;
    std::string_view digits = {};
    bool exclusive = false;

    [[nodiscard]] bool is_zero() const { return digits.find_first_not_of('0') == std::string_view::npos; }
    [[nodiscard]] char first() const { return digits.empty() ? '0' : digits[0]; }
    [[nodiscard]] fraction_limit rest() const { return {holds, digits.substr(digits.empty() ? 0 : 1), exclusive}; }
};

/// Fractions of at most `room` digits (the recursion is as deep).
[[nodiscard]] inline fraction_text fractions_between(fraction_limit low, const fraction_limit& high, std::size_t room) {
    if (low.is_zero() && !low.exclusive) low = {};
    fraction_text out{!low.holds && !(high.holds && high.is_zero() && high.exclusive)};
    if (room == 0) return out;
    const auto add = [&](char from, char to, const fraction_limit& above, const fraction_limit& below) {
        if (from > to) return;
        const auto tail = fractions_between(above, below, room - 1);
        const std::string digit = gbnf_class({{static_cast<char32_t>(from), static_cast<char32_t>(to)}});
        if (!tail.digits.empty()) {
            append_alternative(out.digits, digit + " (" + tail.digits + (tail.may_be_missing ? ")?" : ")"));
        } else if (tail.may_be_missing) {
            append_alternative(out.digits, digit);
        }
    };
    if (!low.holds && !high.holds) {
        out.digits = "[0-9]{1," + std::to_string(room) + "}";
    } else if (low.holds && high.holds && low.first() == high.first()) {
        add(low.first(), low.first(), low.rest(), high.rest());
    } else {
        const char first = low.holds ? low.first() : '0', last = high.holds ? high.first() : '9';
        if (first > last) return out;
        if (low.holds) add(first, first, low.rest(), {});
        add(static_cast<char>(first + low.holds), static_cast<char>(last - high.holds), {}, {});
        if (high.holds) add(last, last, {}, high.rest());
    }
    return out;
}

/// Decimal numbers, without exponent, from `low` to `high`, of at most 15 decimals. Empty if there are none. Beside an
/// exclusive limit they have 15 digits at most: so many differ when they are read as doubles, and no number becomes the
/// limit by rounding.
[[nodiscard]] inline std::string decimals_between(const decimal_limit& low, const decimal_limit& high) {
    constexpr std::size_t most_digits = 15;
    std::size_t room = most_digits;
    for (const auto* limit : {&low, &high})
        if (limit->exclusive && limit->whole != 0)
            room = std::min(room, most_digits - std::min(most_digits, std::to_string(limit->whole).size()));
    const fraction_limit above{true, low.fraction, low.exclusive}, below{true, high.fraction, high.exclusive};
    std::string out;
    const auto add = [&](std::uint64_t from, std::uint64_t to, const fraction_limit& from_limit,
                         const fraction_limit& to_limit) {
        const auto whole = naturals_between(from, to);
        const auto fraction = fractions_between(from_limit, to_limit, room);
        if (whole.empty()) return;
        if (!fraction.digits.empty()) {
            append_alternative(out, whole + " (\".\" (" + fraction.digits + (fraction.may_be_missing ? "))?" : "))"));
        } else if (fraction.may_be_missing) {
            append_alternative(out, whole);
        }
    };
    if (low.whole == high.whole) {
        add(low.whole, low.whole, above, below);
    } else if (low.whole < high.whole) {
        add(low.whole, low.whole, above, {});
        add(low.whole + 1, high.whole - 1, {}, {});
        add(high.whole, high.whole, {}, below);
    }
    return out.empty() ? out : "(" + out + ")";
}

}  // namespace detail

NIBBLE_NAMESPACE_END
