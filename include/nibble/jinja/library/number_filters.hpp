// SPDX-License-Identifier: Apache-2.0
// Filters that give numbers: abs, float, int, round, sum; and numbers read from text as Python reads them.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <nibble/jinja/arithmetic.hpp>
#include <nibble/jinja/formatting/format_spec.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/json/decimal.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// `s` without the space around it and the underscores between its digits, digits of any script as ASCII; nullopt where
/// an underscore lies elsewhere.
[[nodiscard]] inline std::optional<std::string> plain_number(std::string_view s) {
    std::string digits;
    for_each_code_point(strip_space(s), [&](char32_t code, std::string_view bytes) {
        const int digit = digit_value(code);
        if (digit < 0)
            digits += bytes;
        else
            digits += static_cast<char>('0' + digit);
    });
    std::string out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (digits[i] != '_') {
            out += digits[i];
            continue;
        }
        const auto is_digit = [&](std::size_t at) {
            return at < digits.size() && is_alphanumeric(static_cast<unsigned char>(digits[at]));
        };
        if (i == 0 || !is_digit(i - 1) || !is_digit(i + 1)) return std::nullopt;
    }
    return out;
}
/// int(s, base); nullopt where Python raises ValueError.
[[nodiscard]] inline std::optional<std::int64_t> parse_integer(runtime& rt, std::string_view s, int base) {
    auto plain = plain_number(s);
    if (!plain) return std::nullopt;
    std::string_view digits = *plain;
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    const char letter = digits.size() > 2 && digits[0] == '0' ? static_cast<char>(digits[1] | 0x20) : '\0';
    const int prefixed = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    if (prefixed != 0 && (base == prefixed || base == 0)) {
        digits.remove_prefix(2);
        base = prefixed;
    }
    if (base == 0) base = 10;
    std::uint64_t magnitude = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, status] = std::from_chars(digits.data(), end, magnitude, base);
    if (stop != end || digits.empty() || status == std::errc::invalid_argument) return std::nullopt;
    if (status != std::errc{} || magnitude > static_cast<std::uint64_t>(INT64_MAX))
        rt.type_error("integers of more than 64 bits are not supported");
    return negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
}
/// float(s); nullopt where Python raises ValueError.
[[nodiscard]] inline std::optional<double> parse_float(std::string_view s) {
    const auto plain = plain_number(s);
    if (!plain) return std::nullopt;
    std::string_view digits = *plain;
    if (digits.starts_with('+')) {
        digits.remove_prefix(1);
        if (digits.starts_with('-')) return std::nullopt;
    }
    return parse_double(digits);
}

namespace filters {

inline value abs(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "abs");
    rt.require_defined(v);
    if (v.type() == kind::number) return std::fabs(v.number());
    if (!v.is_number()) rt.type_error(std::string("bad operand type for abs(): '") + type_name(v) + "'");
    const value whole = v.is_integer() ? value(v.integer()) : v;  // a bool counts as a number
    return compare_numbers(whole, std::int64_t{0}) < 0 ? negated(whole) : whole;
}

inline value to_integer(runtime& rt, const value& v, const call_arguments& args) {
    const auto [fallback, base] = bind<2>(rt, args, "int", {"default", "base"});
    rt.require_defined(v);
    const value otherwise = fallback ? *fallback : value(std::int64_t{0});
    if (v.is_integer()) return v.integer();
    if (v.is_big_integer()) return v;
    std::optional<double> number;
    if (v.is_string()) {
        rt.spend(1 + v.str().size() / 64);
        const std::int64_t radix = base && base->is_integer() ? base->integer() : 10;
        if (radix != 0 && (radix < 2 || radix > 36)) return otherwise;
        if (const auto whole = parse_integer(rt, v.str(), static_cast<int>(radix))) return *whole;
        number = parse_float(v.str());
    } else if (v.type() == kind::number) {
        number = v.number();
    }
    if (!number || std::isnan(*number)) return otherwise;
    if (std::isinf(*number) && v.is_string()) return otherwise;
    if (!(std::fabs(*number) < 9223372036854775808.0)) rt.type_error("integers of more than 64 bits are not supported");
    return static_cast<std::int64_t>(*number);
}

inline value to_float(runtime& rt, const value& v, const call_arguments& args) {
    const auto [fallback] = bind<1>(rt, args, "float", {"default"});
    rt.require_defined(v);
    if (v.is_number()) return to_double(rt, v);
    if (v.is_string()) {
        rt.spend(1 + v.str().size() / 64);
        if (const auto number = parse_float(v.str())) return *number;
    }
    return fallback ? *fallback : value(0.0);
}

inline value round(runtime& rt, const value& v, const call_arguments& args) {
    const auto [precision, method] = bind<2>(rt, args, "round", {"precision", "method"});
    rt.require_defined(v);
    const std::string_view how = method && method->is_string() ? method->str() : "common";
    if (how != "common" && how != "ceil" && how != "floor") rt.type_error("method must be common, ceil or floor");
    if (!v.is_number()) rt.type_error(std::string("round wants a number, not ") + type_name(v));
    if (precision && !precision->is_integer()) rt.type_error("the precision of round is an integer");
    const std::int64_t places = precision ? std::clamp<std::int64_t>(precision->integer(), -400, 400) : 0;
    if (how != "common") {
        const double factor = std::pow(10.0, static_cast<double>(places)), scaled = v.number() * factor;
        return (how == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / factor;
    }
    if (v.is_big_integer()) {
        if (places >= 0) return v;
        rt.type_error("integers of more than 64 bits are not rounded");
    }
    if (v.is_integer()) {
        if (places >= 0) return v.integer();
        if (places < -18) return std::int64_t{0};
        std::int64_t unit = 1;
        for (std::int64_t i = places; i < 0; ++i) unit *= 10;  // at most 10^18
        const std::int64_t remainder = v.integer() % unit, base = v.integer() - remainder;
        const std::int64_t twice = 2 * (remainder < 0 ? -remainder : remainder);
        const bool away = twice > unit || (twice == unit && base / unit % 2 != 0);  // ties to even
        return integer_arithmetic(rt, ast::arithmetic_op::add, base, away ? (remainder < 0 ? -unit : unit) : 0);
    }
    if (!std::isfinite(v.number())) return v;
    if (places < 0) {
        const double unit = std::pow(10.0, static_cast<double>(-places));
        return std::isfinite(unit) ? std::nearbyint(v.number() / unit) * unit : 0.0;
    }
    // Exactly rounded decimal digits, read back: what Python does.
    format_spec spec;
    spec.type = 'f';
    spec.precision = places;
    return parse_double(format_float(rt, spec, v.number())).value_or(0);
}

}  // namespace filters

}  // namespace jinja

NIBBLE_NAMESPACE_END
