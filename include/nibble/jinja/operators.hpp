// SPDX-License-Identifier: Apache-2.0
// What Python's operators ask: truth, length, iteration, equality, order, membership.
#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/jinja/ast.hpp>
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
        case kind::big_integer: return true;
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
        case kind::string:
            rt.spend_reading(v.str().size());
            return static_cast<std::int64_t>(count_code_points(v.str()));
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
        case kind::string:
            if (a.str().size() != b.str().size()) return false;
            rt.spend_reading(a.str().size());
            return a.str() == b.str();
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
            return all_of(x.entries, [&](const mapping::entry& entry) {
                const value* other = look_up(rt, y, entry.key, require_key(rt, entry.key));
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
    if (a.is_string() && b.is_string()) {
        rt.spend_reading(std::min(a.str().size(), b.str().size()));
        return a.str().compare(b.str()) <=> 0;
    }
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
            return find_text(rt, container.str(), item.str()) != std::string_view::npos;
        case kind::mapping: return look_up(rt, container.map(), item, require_key(rt, item)) != nullptr;
        case kind::sequence: {
            const auto& items = iterate(rt, container);
            return any_of(items, [&](const value& held) { return equal(rt, held, item); });
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

}  // namespace jinja

NIBBLE_NAMESPACE_END
