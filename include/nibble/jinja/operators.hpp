// SPDX-License-Identifier: Apache-2.0
// What Python's operators do: truth, length, iteration, equality, order, membership, arithmetic.
#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/ast.hpp>
#include <nibble/jinja/formatting/format.hpp>
#include <nibble/jinja/library/strings.hpp>
#include <nibble/jinja/runtime.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// bool(v).
[[nodiscard]] inline bool truth(const value& v) noexcept {
    switch (v.type()) {
        case kind::undefined:
        case kind::none: return false;
        case kind::boolean: return v.boolean();
        case kind::integer: return v.integer() != 0;
        case kind::number: return v.number() != 0;
        case kind::string: return !v.str().empty();
        case kind::sequence: return !v.seq().has_length() || !v.seq().elements.empty();
        case kind::mapping: return !v.map().entries.empty();
        default: return true;
    }
}

/// len(v).
[[nodiscard]] inline std::int64_t length(runtime& rt, const value& v) {
    switch (v.type()) {
        case kind::undefined: return 0;
        case kind::string: return static_cast<std::int64_t>(count_code_points(v.str()));
        case kind::mapping: return static_cast<std::int64_t>(v.map().entries.size());
        case kind::loop: return static_cast<std::int64_t>(v.loop().items->size());
        case kind::sequence:
            if (v.seq().has_length()) return static_cast<std::int64_t>(v.seq().elements.size());
            [[fallthrough]];
        default: rt.type_error(std::string("object of type '") + type_name(v) + "' has no len()");
    }
}

/// Everything that iterating over `v` gives. What is left of a generator is read by this.
[[nodiscard]] inline const std::vector<value>& iterate(runtime& rt, const value& v) {
    std::vector<value> made;
    switch (v.type()) {
        case kind::undefined: break;
        case kind::string:
            rt.spend(v.str().size());
            for_each_code_point(v.str(),
                                [&](char32_t, std::string_view bytes) { made.push_back(v.as_text().part(bytes)); });
            break;
        case kind::mapping:
            for (const auto& entry : v.map().entries) made.push_back(entry.key);
            break;
        case kind::sequence: {
            sequence& s = v.seq();
            if (s.has_length()) return s.elements;
            const std::size_t first = std::exchange(s.next, s.elements.size());
            if (first == 0) return s.elements;
            made.assign(s.elements.begin() + static_cast<std::ptrdiff_t>(first), s.elements.end());
            break;
        }
        default: rt.type_error(std::string("'") + type_name(v) + "' object is not iterable");
    }
    return rt.make_sequence(std::move(made)).elements;
}

/// a == b.
[[nodiscard]] inline bool equal(runtime& rt, const value& a, const value& b) {
    rt.spend();
    if (a.is_number() && b.is_number()) {
        if (a.is_integer() && b.is_integer()) return a.integer() == b.integer();
        return !std::isnan(a.number()) && !std::isnan(b.number()) && compare_numbers(a, b) == 0;
    }
    if (a.type() != b.type()) return false;
    switch (a.type()) {
        case kind::undefined: return true;
        case kind::string: return a.str() == b.str();
        case kind::sequence: {
            const sequence &x = a.seq(), &y = b.seq();
            if (&x == &y) return true;
            if (x.form != y.form || !x.is_indexable() || x.elements.size() != y.elements.size()) return false;
            const runtime::level nested(rt);
            return std::equal(x.elements.begin(), x.elements.end(), y.elements.begin(),
                              [&](const value& p, const value& q) { return equal(rt, p, q); });
        }
        case kind::mapping: {
            const mapping &x = a.map(), &y = b.map();
            if (&x == &y) return true;
            if (x.entries.size() != y.entries.size()) return false;
            const runtime::level nested(rt);
            return std::all_of(x.entries.begin(), x.entries.end(), [&](const mapping::entry& entry) {
                const value* other = y.find(entry.key);
                return other && equal(rt, entry.held, *other);
            });
        }
        default: return a.same_as(b);
    }
}

/// The order of a and b; unordered for NaN. Types that Python cannot order are an error.
[[nodiscard]] inline std::partial_ordering order(runtime& rt, const value& a, const value& b) {
    rt.spend();
    rt.require_defined(a);
    rt.require_defined(b);
    if (a.is_number() && b.is_number()) {
        if (std::isnan(a.number()) || std::isnan(b.number())) return std::partial_ordering::unordered;
        return compare_numbers(a, b) <=> 0;
    }
    if (a.is_string() && b.is_string()) return a.str().compare(b.str()) <=> 0;
    const auto is_list = [](const value& v) {
        return v.is_sequence() && v.seq().is_indexable() && v.seq().form != sequence::flavor::range;
    };
    if (is_list(a) && is_list(b) && a.seq().form == b.seq().form) {
        const runtime::level nested(rt);
        const auto &x = a.seq().elements, &y = b.seq().elements;
        for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
            if (!equal(rt, x[i], y[i])) return order(rt, x[i], y[i]);
        return x.size() <=> y.size();
    }
    rt.type_error(std::string("'<' not supported between instances of '") + type_name(a) + "' and '" + type_name(b) +
                  "'");
}

/// item in container.
[[nodiscard]] inline bool contains(runtime& rt, const value& item, const value& container) {
    switch (container.type()) {
        case kind::undefined: return false;
        case kind::string:
            if (!item.is_string())
                rt.type_error(std::string("'in <string>' requires string as left operand, not ") + type_name(item));
            rt.spend(1 + container.str().size() / 64);
            return container.str().find(item.str()) != std::string_view::npos;
        case kind::mapping:
            if (!is_hashable(item)) rt.type_error(std::string("unhashable type: '") + type_name(item) + "'");
            return container.map().find(item) != nullptr;
        case kind::sequence: {
            const auto& items = iterate(rt, container);
            return std::any_of(items.begin(), items.end(),
                               [&](const value& held) { return item.same_as(held) || equal(rt, held, item); });
        }
        default: rt.type_error(std::string("argument of type '") + type_name(container) + "' is not iterable");
    }
}

[[nodiscard]] inline bool compare(runtime& rt, ast::comparison_op op, const value& a, const value& b) {
    switch (op) {
        case ast::comparison_op::equal: return equal(rt, a, b);
        case ast::comparison_op::unequal: return !equal(rt, a, b);
        case ast::comparison_op::less: return order(rt, a, b) < 0;
        case ast::comparison_op::less_equal: return order(rt, a, b) <= 0;
        case ast::comparison_op::greater: return order(rt, a, b) > 0;
        case ast::comparison_op::greater_equal: return order(rt, a, b) >= 0;
        case ast::comparison_op::in: return contains(rt, a, b);
        case ast::comparison_op::not_in: return !contains(rt, a, b);
    }
    return false;
}

// ---- arithmetic

/// A double of finite operands that must be finite itself: Python raises OverflowError where C gives infinity.
[[nodiscard]] inline value checked_double(runtime& rt, double result) {
    if (std::isinf(result)) rt.type_error("the result is too large");
    return result;
}

[[nodiscard]] inline value integer_power(runtime& rt, std::int64_t base, std::int64_t exponent) {
    std::int64_t result = 1;
    while (true) {
        if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) break;
        exponent >>= 1;
        if (exponent == 0) return result;
        if (__builtin_mul_overflow(base, base, &base)) break;
    }
    rt.type_error("integers of more than 64 bits are not supported");
}

[[nodiscard]] inline value integer_arithmetic(runtime& rt, ast::arithmetic_op op, std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    bool overflow = false;
    switch (op) {
        case ast::arithmetic_op::add: overflow = __builtin_add_overflow(a, b, &result); break;
        case ast::arithmetic_op::subtract: overflow = __builtin_sub_overflow(a, b, &result); break;
        case ast::arithmetic_op::multiply: overflow = __builtin_mul_overflow(a, b, &result); break;
        case ast::arithmetic_op::divide:
            if (b == 0) rt.type_error("division by zero");
            return static_cast<double>(a) / static_cast<double>(b);
        case ast::arithmetic_op::floor_divide:
        case ast::arithmetic_op::modulo: {
            if (b == 0) rt.type_error("integer division or modulo by zero");
            if (b == -1) {  // INT64_MIN / -1 does not fit
                if (op == ast::arithmetic_op::modulo) return std::int64_t{0};
                overflow = __builtin_sub_overflow(std::int64_t{0}, a, &result);
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
    if (__builtin_mul_overflow(times, each, &total)) total = UINT64_MAX;
    if (what.is_string()) {
        rt.spend_bytes(total);
        std::string out;
        out.reserve(total);
        for (std::uint64_t i = 0; total != 0 && i < times; ++i) out += what.str();
        return text::owned(std::move(out));
    }
    rt.spend(total);
    std::vector<value> items;
    items.reserve(total);
    for (std::uint64_t i = 0; total != 0 && i < times; ++i)
        items.insert(items.end(), what.seq().elements.begin(), what.seq().elements.end());
    return &rt.make_sequence(std::move(items), what.seq().form);
}

/// a op b.
[[nodiscard]] inline value calculate(runtime& rt, ast::arithmetic_op op, const value& a, const value& b) {
    if (a.is_integer() && b.is_integer()) return integer_arithmetic(rt, op, a.integer(), b.integer());
    if (a.is_number() && b.is_number()) return float_arithmetic(rt, op, a.number(), b.number());
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
