// SPDX-License-Identifier: Apache-2.0
// What Python's operators make: + - * / // % ** of numbers, strings and lists.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/checked.hpp>
#include <nibble/jinja/ast.hpp>
#include <nibble/jinja/formatting/printf.hpp>
#include <nibble/jinja/library/strings.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/runtime.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// A double of finite operands that must be finite itself: Python raises OverflowError where C gives infinity.
[[nodiscard]] inline value checked_double(runtime& rt, double result) {
    if (std::isinf(result)) rt.type_error("the result is too large");
    return result;
}

/// float(v) of a number.
[[nodiscard]] inline double to_double(runtime& rt, const value& v) {
    const double nearest = v.number();
    if (v.is_big_integer() && std::isinf(nearest)) rt.type_error("int too large to convert to float");
    return nearest;
}

/// -v of an integer of any size.
[[nodiscard]] inline value negated(const value& v) {
    static constexpr std::string_view beyond = "9223372036854775808";  // -INT64_MIN
    if (v.is_integer() && v.integer() == INT64_MIN) return value::big_integer(text::borrowed(beyond));
    if (v.is_integer()) return -v.integer();
    if (v.digits() == beyond) return INT64_MIN;
    if (v.digits().starts_with('-')) return value::big_integer(v.as_text().part(v.digits().substr(1)));
    return value::big_integer(text::owned('-' + std::string(v.digits())));
}

[[nodiscard]] inline value integer_power(runtime& rt, std::int64_t base, std::int64_t exponent) {
    std::int64_t result = 1;
    while (true) {
        if ((exponent & 1) != 0 && multiply_overflows(result, base, result)) break;
        exponent >>= 1;
        if (exponent == 0) return result;
        if (multiply_overflows(base, base, base)) break;
    }
    rt.type_error("integers of more than 64 bits are not supported");
}

[[nodiscard]] inline value integer_arithmetic(runtime& rt, ast::arithmetic_op op, std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    bool overflow = false;
    switch (op) {
        case ast::arithmetic_op::add: overflow = add_overflows(a, b, result); break;
        case ast::arithmetic_op::subtract: overflow = subtract_overflows(a, b, result); break;
        case ast::arithmetic_op::multiply: overflow = multiply_overflows(a, b, result); break;
        case ast::arithmetic_op::divide:
            if (b == 0) rt.type_error("division by zero");
            return static_cast<double>(a) / static_cast<double>(b);
        case ast::arithmetic_op::floor_divide:
        case ast::arithmetic_op::modulo: {
            if (b == 0) rt.type_error("integer division or modulo by zero");
            if (b == -1) {  // INT64_MIN / -1 does not fit
                if (op == ast::arithmetic_op::modulo) return std::int64_t{0};
                overflow = subtract_overflows(std::int64_t{0}, a, result);
                break;
            }
            const std::int64_t remainder = a % b;
            const bool adjust = remainder != 0 && (remainder < 0) != (b < 0);  // Python rounds down, C towards zero
            if (op == ast::arithmetic_op::modulo) return adjust ? remainder + b : remainder;
            return adjust ? a / b - 1 : a / b;
        }
        case ast::arithmetic_op::power:
            if (b >= 0) return integer_power(rt, a, b);
            if (a == 0) rt.type_error("0.0 cannot be raised to a negative power");
            return checked_double(rt, std::pow(static_cast<double>(a), static_cast<double>(b)));
    }
    if (overflow) rt.type_error("integers of more than 64 bits are not supported");
    return result;
}

[[nodiscard]] inline value float_arithmetic(runtime& rt, ast::arithmetic_op op, double a, double b) {
    switch (op) {
        case ast::arithmetic_op::add: return a + b;
        case ast::arithmetic_op::subtract: return a - b;
        case ast::arithmetic_op::multiply: return a * b;
        case ast::arithmetic_op::divide:
            if (b == 0) rt.type_error("float division by zero");
            return a / b;
        case ast::arithmetic_op::floor_divide:
        case ast::arithmetic_op::modulo: {
            if (b == 0) rt.type_error("float floor division or modulo by zero");
            double remainder = std::fmod(a, b);
            if (remainder != 0 && (remainder < 0) != (b < 0)) remainder += b;
            if (op == ast::arithmetic_op::modulo) return remainder == 0 ? std::copysign(0.0, b) : remainder;
            const double quotient = (a - remainder) / b;
            return quotient == 0 ? std::copysign(0.0, a / b) : std::floor(quotient + 0.5);
        }
        case ast::arithmetic_op::power:
            if (a == 0 && b < 0) rt.type_error("0.0 cannot be raised to a negative power");
            if (a < 0 && std::isfinite(b) && b != std::floor(b)) rt.type_error("complex numbers are not supported");
            return std::isfinite(a) && std::isfinite(b) ? checked_double(rt, std::pow(a, b)) : value(std::pow(a, b));
    }
    return {};
}

/// a + b for strings. Where one of them is HTML, the other is escaped.
[[nodiscard]] inline value join_texts(runtime& rt, const text& a, const text& b) {
    const bool markup = a.is_markup() || b.is_markup();
    rt.spend_bytes(a.view().size() + b.view().size());
    std::string joined;
    joined.reserve(a.view().size() + b.view().size());
    for (const text* part : {&a, &b}) {
        if (markup && !part->is_markup()) {
            joined += html_escaped(rt, part->view());
        } else {
            joined += part->view();
        }
    }
    return text::owned(std::move(joined)).as_markup(markup);
}

/// text * count and list * count.
[[nodiscard]] inline value repeat(runtime& rt, const value& what, std::int64_t count) {
    const auto times = static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
    const std::uint64_t each = what.is_string() ? what.str().size() : what.seq().elements.size();
    std::uint64_t total = 0;
    if (multiply_overflows(times, each, total)) total = UINT64_MAX;
    if (what.is_string()) {
        rt.spend_bytes(total);
        std::string out;
        out.reserve(static_cast<std::size_t>(total));
        for (std::uint64_t i = 0; total != 0 && i < times; ++i) out += what.str();
        return text::owned(std::move(out));
    }
    rt.spend(total);
    std::vector<value> items;
    items.reserve(static_cast<std::size_t>(total));
    for (std::uint64_t i = 0; total != 0 && i < times; ++i)
        items.insert(items.end(), what.seq().elements.begin(), what.seq().elements.end());
    return &rt.make_sequence(std::move(items), what.seq().form);
}

/// a op b of two numbers.
[[nodiscard]] inline value number_arithmetic(runtime& rt, ast::arithmetic_op op, const value& a, const value& b) {
    if (a.is_integer() && b.is_integer()) return integer_arithmetic(rt, op, a.integer(), b.integer());
    if (a.type() != kind::number && b.type() != kind::number)
        rt.type_error("arithmetic on integers of more than 64 bits is not supported");
    return float_arithmetic(rt, op, to_double(rt, a), to_double(rt, b));
}

/// a op b.
[[nodiscard]] inline value calculate(runtime& rt, ast::arithmetic_op op, const value& a, const value& b) {
    if (a.is_number() && b.is_number()) return number_arithmetic(rt, op, a, b);
    if (op == ast::arithmetic_op::modulo && a.is_string()) return printf_format(rt, a.str(), b);
    rt.require_defined(a);
    rt.require_defined(b);
    const auto is_list = [](const value& v) {
        return v.is_sequence() && (v.seq().form == sequence::flavor::list || v.seq().form == sequence::flavor::tuple);
    };
    if (op == ast::arithmetic_op::add) {
        if (a.is_string() && b.is_string()) {
            return join_texts(rt, a.as_text(), b.as_text());
        }
        if (is_list(a) && is_list(b) && a.seq().form == b.seq().form) {
            rt.spend(a.seq().elements.size() + b.seq().elements.size());
            std::vector<value> items = a.seq().elements;
            items.insert(items.end(), b.seq().elements.begin(), b.seq().elements.end());
            return &rt.make_sequence(std::move(items), a.seq().form);
        }
        if (a.is_string()) rt.type_error(std::string("can only concatenate str (not \"") + type_name(b) + "\") to str");
    }
    if (op == ast::arithmetic_op::multiply) {
        if ((a.is_string() || is_list(a)) && b.is_integer()) return repeat(rt, a, b.integer());
        if ((b.is_string() || is_list(b)) && a.is_integer()) return repeat(rt, b, a.integer());
    }
    static constexpr const char* names[] = {"+", "-", "*", "/", "//", "%", "** or pow()"};
    rt.type_error(std::string("unsupported operand type(s) for ") + names[static_cast<std::size_t>(op)] + ": '" +
                  type_name(a) + "' and '" + type_name(b) + "'");
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
