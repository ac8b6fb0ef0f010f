// SPDX-License-Identifier: Apache-2.0
// Doubles as text and back, as Python and JSON write them; exact and free of locales.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The double nearest to a decimal number (optional '-', digits, optional fraction, optional exponent), or nullopt
/// where `text` is anything else. Beyond the range of double: infinity or zero, as IEEE rounding has it.
[[nodiscard]] inline std::optional<double> parse_double(std::string_view text) noexcept {
    double result = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (text.empty() || end != text.data() + text.size()) return std::nullopt;
    if (status == std::errc{}) return result;
    if (status != std::errc::result_out_of_range) return std::nullopt;

    // from_chars does not say on which side the number left the range: the power of ten of its first digit does.
    const bool negative = text.front() == '-';
    const std::size_t mantissa_end = std::min(text.find_first_of("eE"), text.size());
    const std::size_t point = std::min(text.find('.'), mantissa_end);
    const std::size_t digit = text.find_first_of("123456789");
    long long exponent = 0;
    if (mantissa_end < text.size()) {
        std::string_view tail = text.substr(mantissa_end + 1);
        if (tail.starts_with('+')) tail.remove_prefix(1);
        if (std::from_chars(tail.data(), tail.data() + tail.size(), exponent).ec != std::errc{})
            exponent = tail.starts_with('-') ? -1'000'000'000'000 : 1'000'000'000'000;
    }
    exponent += static_cast<long long>(point) - static_cast<long long>(digit);
    const double magnitude = exponent > 0 ? std::numeric_limits<double>::infinity() : 0.0;
    return negative ? -magnitude : magnitude;
}

/// Appends the shortest decimal that reads back as exactly `number`, in the form of Python's repr: "1.0", "0.1",
/// "1e-05", "1e+16"; `infinity` and `nan` name what is not finite (Python's repr: inf, nan; its JSON: Infinity, NaN).
inline void append_double(std::string& out, double number, std::string_view infinity = "inf",
                          std::string_view nan = "nan") {
    if (std::isnan(number)) {
        out += nan;
        return;
    }
    if (std::signbit(number)) out += '-';
    number = std::fabs(number);
    if (std::isinf(number)) {
        out += infinity;
        return;
    }
    char buffer[32];  // 17 digits, a point, "e-308"
    const auto written = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific);
    const std::string_view text(buffer, static_cast<std::size_t>(written.ptr - buffer));
    const std::size_t e = text.find('e');
    int exponent = 0;
    std::from_chars(buffer + e + (text[e + 1] == '+' ? 2 : 1), written.ptr, exponent);
    std::string digits(1, buffer[0]);
    if (e > 2) digits.append(buffer + 2, e - 2);

    if (exponent < -4 || exponent >= 16) {  // the bounds of Python's repr
        out += digits[0];
        if (digits.size() > 1) out.append(1, '.').append(digits, 1);
        out += text.substr(e);  // to_chars writes at least two exponent digits, as Python does
    } else if (exponent < 0) {
        out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
    } else {
        const auto whole = static_cast<std::size_t>(exponent) + 1;
        if (digits.size() <= whole) {
            out.append(digits).append(whole - digits.size(), '0').append(".0");
        } else {
            out.append(digits, 0, whole).append(1, '.').append(digits, whole);
        }
    }
}

NIBBLE_NAMESPACE_END
