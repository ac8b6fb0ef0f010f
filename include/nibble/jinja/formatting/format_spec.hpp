// SPDX-License-Identifier: Apache-2.0
// How one value is written by a format: the parts that both notations of Python share.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <nibble/jinja/runtime.hpp>
#include <nibble/json/decimal.hpp>
#include <nibble/unicode/code_points.hpp>
#include <nibble/unicode/letter_case.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// How one value is to be written: the parts that both notations share.
struct format_spec {
    std::string fill = " ";
    char align = '\0';  ///< '<', '>', '^', or '=' (padding between sign and digits)
    char sign = '-';    ///< '-', '+' or ' '
    bool alternate = false;
    char grouping = '\0';  ///< ',' or '_'
    std::int64_t width = 0;
    std::int64_t precision = -1;
    char type = '\0';
};

/// `body` with its `sign` in front, padded to the width (in code points).
[[nodiscard]] inline std::string padded(runtime& rt, const format_spec& spec, std::string sign, std::string_view body,
                                        char default_align) {
    const auto have = static_cast<std::int64_t>(count_code_points(sign) + count_code_points(body));
    const std::int64_t missing = spec.width > have ? spec.width - have : 0;
    rt.spend_bytes(static_cast<std::uint64_t>(missing) * spec.fill.size() + body.size());
    const char align = spec.align != '\0' ? spec.align : default_align;
    const std::int64_t left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
    std::string out;
    if (align == '=') out += sign;
    for (std::int64_t i = 0; i < left; ++i) out += spec.fill;
    if (align != '=') out += sign;
    out += body;
    for (std::int64_t i = left; i < missing; ++i) out += spec.fill;
    return out;
}

/// Separators between groups of digits of the whole part.
[[nodiscard]] inline std::string grouped(std::string digits, char separator, std::size_t size) {
    if (separator == '\0') return digits;
    const std::size_t whole = std::min(digits.find_first_not_of("0123456789abcdefABCDEF"), digits.size());
    for (std::size_t at = whole; at > size;) {
        at -= size;
        digits.insert(at, 1, separator);
    }
    return digits;
}

/// An integer of any size.
[[nodiscard]] inline std::string format_integer(runtime& rt, const format_spec& spec, const value& number) {
    const char type = spec.type;
    const int base = type == 'x' || type == 'X' ? 16 : type == 'o' ? 8 : type == 'b' ? 2 : 10;
    std::string digits;
    if (number.is_big_integer()) {
        if (base != 10) rt.type_error("integers of more than 64 bits are written in base 10 only");
        digits = number.digits();
    } else {
        char buffer[65];
        digits.assign(buffer, std::to_chars(buffer, buffer + sizeof buffer, number.integer(), base).ptr);
    }
    std::string sign = digits[0] == '-' ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
    if (digits[0] == '-') digits.erase(0, 1);
    if (type == 'X')
        for (char& c : digits) c = static_cast<char>(to_upper(static_cast<unsigned char>(c)));
    if (spec.precision > static_cast<std::int64_t>(digits.size())) {
        rt.spend_bytes(static_cast<std::uint64_t>(spec.precision));
        digits.insert(0, static_cast<std::size_t>(spec.precision) - digits.size(), '0');
    }
    if (spec.alternate && base != 10) sign.append(1, '0').append(1, type);
    return padded(rt, spec, std::move(sign), grouped(std::move(digits), spec.grouping, base == 10 ? 3 : 4), '>');
}

[[nodiscard]] inline std::string format_float(runtime& rt, const format_spec& spec, double number) {
    std::string sign = std::signbit(number) && !std::isnan(number) ? "-"
                       : spec.sign == '-'                          ? ""
                                                                   : std::string(1, spec.sign);
    if (spec.alternate) rt.fail(errc::tmpl_unsupported, "the form '#' of a float is not supported");
    const char type = static_cast<char>(spec.type | 0x20);
    double magnitude = std::fabs(number);
    std::string body;
    if (type == '%') magnitude *= 100;
    if (!std::isfinite(magnitude)) {
        body = std::isnan(magnitude) ? "nan" : "inf";
    } else if (spec.type == '\0' && spec.precision < 0) {
        append_double(body, magnitude);
    } else {
        const std::int64_t precision = spec.precision < 0 ? 6 : spec.precision;
        rt.spend_bytes(static_cast<std::uint64_t>(precision));
        const bool general = type == 'g' || type == 'n' || spec.type == '\0';
        const auto form = type == 'e' ? std::chars_format::scientific
                          : general   ? std::chars_format::general
                                      : std::chars_format::fixed;
        body.resize(static_cast<std::size_t>(precision) + 340);  // a double has at most 309 digits before the point
        body.resize(static_cast<std::size_t>(std::to_chars(body.data(), body.data() + body.size(), magnitude, form,
                                                           static_cast<int>(general && precision == 0 ? 1 : precision))
                                                 .ptr -
                                             body.data()));
        if (spec.type == '\0' && body.find_first_of(".e") == std::string::npos) body += ".0";
    }
    if (spec.type == '%') body += '%';
    if (spec.type == 'E' || spec.type == 'F' || spec.type == 'G') body = uppered(body);
    return padded(rt, spec, std::move(sign), grouped(std::move(body), spec.grouping, 3), '>');
}

[[nodiscard]] inline std::string format_text(runtime& rt, const format_spec& spec, std::string_view body,
                                             char default_align) {
    if (spec.precision >= 0) body = body.substr(0, byte_offset(body, static_cast<std::size_t>(spec.precision)));
    return padded(rt, spec, {}, body, default_align);
}

/// The decimal number at `at`, or nullopt; `at` moves behind it.
[[nodiscard]] inline std::optional<std::int64_t> read_count(runtime& rt, std::string_view pattern, std::size_t& at) {
    std::int64_t count = 0;
    const char* first = pattern.data() + at;
    if (at >= pattern.size() || *first < '0' || *first > '9') return std::nullopt;
    const auto [end, status] = std::from_chars(first, pattern.data() + pattern.size(), count);
    if (status != std::errc{} || count > INT32_MAX)
        rt.fail(errc::tmpl_output_too_large, "the width or precision of a format is too large");
    at += static_cast<std::size_t>(end - first);
    return count;
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
