// SPDX-License-Identifier: Apache-2.0
// x.name, x[key] and x[a:b:c], as Jinja2's immutable sandbox looks them up in Python objects.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/checked.hpp>
#include <nibble/jinja/arithmetic.hpp>
#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/print.hpp>
#include <nibble/jinja/runtime.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// Methods that would change a list or a dictionary: the sandbox does not show them.
[[nodiscard]] inline bool is_mutating(const value& object, std::string_view name) noexcept {
    static constexpr std::string_view of_lists[] = {"append", "clear",  "extend",  "insert",
                                                    "pop",    "remove", "reverse", "sort"};
    static constexpr std::string_view of_dicts[] = {"clear", "pop", "popitem", "setdefault", "update"};
    if (object.is_mapping()) return std::find(std::begin(of_dicts), std::end(of_dicts), name) != std::end(of_dicts);
    return object.is_sequence() && object.seq().form == sequence::flavor::list &&
           std::find(std::begin(of_lists), std::end(of_lists), name) != std::end(of_lists);
}

/// loop.index and its kin; nullptr for another name. cycle and changed are methods.
[[nodiscard]] inline std::optional<value> loop_attribute(const loop_state& l, std::string_view name) {
    const auto number = [](std::size_t n) { return value(static_cast<std::int64_t>(n)); };
    const auto& items = *l.items;
    const auto neighbour = [&](bool exists, std::size_t index, const char* missing) {
        return exists ? items[index] : missing_note(missing);
    };
    if (name == "index") return number(l.index0 + 1);
    if (name == "index0") return number(l.index0);
    if (name == "first") return l.index0 == 0;
    if (name == "last") return l.index0 + 1 == items.size();
    if (name == "length") return number(items.size());
    if (name == "revindex") return number(items.size() - l.index0);
    if (name == "revindex0") return number(items.size() - l.index0 - 1);
    if (name == "depth") return number(l.depth0 + 1);
    if (name == "depth0") return number(l.depth0);
    if (name == "previtem") return neighbour(l.index0 > 0, l.index0 - 1, "there is no previous item");
    if (name == "nextitem") return neighbour(l.index0 + 1 < items.size(), l.index0 + 1, "there is no next item");
    return std::nullopt;
}

/// What Python's getattr() would give, or nullopt.
[[nodiscard]] inline std::optional<value> own_attribute(runtime& rt, const value& object, const text& name) {
    const std::string_view n = name.view();
    if (is_mutating(object, n)) return undefined{name, type_name(object), undefined::reason::unsafe};
    if (const builtin_entry* method = find_method(object, n))
        return rt.make_callable({method->name, method->function, object, nullptr, nullptr});
    switch (object.type()) {
        case kind::name_space:
            rt.spend(object.space().cost_to_find(n));
            if (const value* held = object.space().find(n)) return *held;
            break;
        case kind::loop: return loop_attribute(object.loop(), n);
        case kind::cycler:
            if (n == "current") return object.cycle().items[object.cycle().position];
            break;
        case kind::sequence:
            if (object.seq().is_group && n == "grouper") return object.seq().elements[0];
            if (object.seq().is_group && n == "list") return object.seq().elements[1];
            break;
        case kind::callable:
            if (object.function().macro && n == "name") return text::borrowed(object.function().name);
            break;
        default: break;
    }
    // What Python has for every object, the sandbox hides; there is nothing behind it here anyway.
    if (n.starts_with("__") && n.ends_with("__")) return undefined{name, type_name(object), undefined::reason::unsafe};
    return std::nullopt;
}

inline value get_attribute(runtime& rt, const value& object, const text& name) {
    rt.require_defined(object);
    if (auto found = own_attribute(rt, object, name)) return *std::move(found);
    if (object.is_mapping())
        if (const value* held = look_up(rt, object.map(), name.view())) return *held;
    return undefined{name, object_name(object), undefined::reason::attribute};
}

inline value get_item(runtime& rt, const value& object, const value& key) {
    rt.require_defined(object);
    if (object.is_mapping()) {
        if (const auto cost = key_cost(rt, key))
            if (const value* held = look_up(rt, object.map(), key, *cost)) return *held;
    } else if (key.is_integer() && (object.is_string() || (object.is_sequence() && object.seq().is_indexable()))) {
        const std::int64_t size = length(rt, object);
        const std::int64_t index = key.integer() < 0 ? key.integer() + size : key.integer();
        if (index >= 0 && index < size) {
            if (object.is_sequence()) return object.seq().elements[static_cast<std::size_t>(index)];
            const std::string_view s = object.str();
            const std::size_t at = byte_offset(s, static_cast<std::size_t>(index));
            return object.as_text().part(s.substr(at, decode_utf8(s, at).length));
        }
    }
    if (key.is_string()) {
        if (auto found = own_attribute(rt, object, key.as_text())) return *std::move(found);
        return undefined{key.as_text(), object_name(object), undefined::reason::attribute};
    }
    return undefined{to_text(rt, key), object_name(object), undefined::reason::element};
}

/// The elements from, from + by, ... before `to` that a slice names.
struct slice_bounds {
    std::int64_t from, to, by;
};
/// Python's rule for `size` elements; a bound that was left out is none. Nothing overflows: sizes are far below 2^63.
[[nodiscard]] inline slice_bounds bounds_of_slice(runtime& rt, std::int64_t size, const value& start, const value& stop,
                                                  const value& step) {
    const auto is_bound = [](const value& v) { return v.is_none() || v.is_integer(); };
    if (!is_bound(start) || !is_bound(stop) || !is_bound(step)) rt.type_error("slice indices must be integers or none");
    const std::int64_t by = step.is_none() ? 1 : step.integer();
    if (by == 0) rt.type_error("slice step cannot be zero");
    const std::int64_t lowest = by < 0 ? -1 : 0, highest = by < 0 ? size - 1 : size;
    const auto clamped = [&](const value& bound, std::int64_t otherwise) {
        if (bound.is_none()) return otherwise;
        const std::int64_t at = bound.integer() < 0 ? bound.integer() + size : bound.integer();
        return std::clamp(at, lowest, std::max(lowest, highest));
    };
    return {clamped(start, by < 0 ? highest : lowest), clamped(stop, by < 0 ? lowest : highest), by};
}
[[nodiscard]] inline std::vector<std::size_t> indices_of(runtime& rt, const slice_bounds& slice) {
    std::vector<std::size_t> indices;
    for (std::int64_t i = slice.from; slice.by > 0 ? i < slice.to : i > slice.to;) {
        indices.push_back(static_cast<std::size_t>(i));
        if (add_overflows(i, slice.by, i)) break;
    }
    rt.spend(indices.size());
    return indices;
}

[[nodiscard]] inline value slice_of_sequence(runtime& rt, const sequence& s, const slice_bounds& slice) {
    std::vector<value> items;
    for (const std::size_t i : indices_of(rt, slice)) items.push_back(s.elements[i]);
    sequence& made = rt.make_sequence(std::move(items), s.form);
    if (s.form == sequence::flavor::range) {
        const auto bound = [&](std::int64_t index) {
            const value offset = integer_arithmetic(rt, ast::arithmetic_op::multiply, index, s.step);
            return integer_arithmetic(rt, ast::arithmetic_op::add, s.start, offset.integer()).integer();
        };
        made.start = bound(slice.from);
        made.stop = bound(slice.to);
        made.step = integer_arithmetic(rt, ast::arithmetic_op::multiply, s.step, slice.by).integer();
    }
    return &made;
}
[[nodiscard]] inline value slice_of_string(runtime& rt, const text& whole, const slice_bounds& slice) {
    const std::string_view s = whole.view();
    rt.spend(1 + s.size() / 64);
    if (slice.by == 1) {
        const std::size_t first = byte_offset(s, static_cast<std::size_t>(slice.from));
        const auto count = static_cast<std::size_t>(std::max<std::int64_t>(slice.to - slice.from, 0));
        return whole.part(s.substr(first, byte_offset(s.substr(first), count)));
    }
    const auto indices = indices_of(rt, slice);
    std::vector<std::string_view> characters;
    for_each_code_point(s, [&](char32_t, std::string_view bytes) { characters.push_back(bytes); });
    std::string out;
    for (const std::size_t i : indices) out += characters[i];
    return rt.string(std::move(out));
}

/// object[start:stop:step]; a bound that was left out is none.
[[nodiscard]] inline value get_slice(runtime& rt, const value& object, const value& start, const value& stop,
                                     const value& step) {
    rt.require_defined(object);
    const bool sliceable = object.is_string() || (object.is_sequence() && object.seq().is_indexable());
    if (!sliceable) rt.type_error(std::string("'") + type_name(object) + "' object cannot be sliced");
    const slice_bounds slice = bounds_of_slice(rt, length(rt, object), start, stop, step);
    return object.is_sequence() ? slice_of_sequence(rt, object.seq(), slice)
                                : slice_of_string(rt, object.as_text(), slice);
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
