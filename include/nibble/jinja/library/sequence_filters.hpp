// SPDX-License-Identifier: Apache-2.0
// Filters over lists, dictionaries and other values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/arithmetic.hpp>
#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/library/arguments.hpp>
#include <nibble/jinja/library/attribute_path.hpp>
#include <nibble/jinja/lookup.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/print.hpp>
#include <nibble/jinja/runtime.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::filters {

// ---- choosing and mapping

/// The arguments from number `from` on, for a filter or test that another one calls.
[[nodiscard]] inline call_arguments rest_of(const call_arguments& args, std::size_t from) {
    return {{args.positional.begin() + static_cast<std::ptrdiff_t>(from), args.positional.end()}, args.keyword};
}
/// select, reject (`ByAttribute` false), selectattr and rejectattr.
template <bool ByAttribute, bool Keep>
value choose(runtime& rt, const value& v, const call_arguments& args) {
    constexpr std::size_t offset = ByAttribute ? 1 : 0;
    if (!truth(v)) return rt.generator({});
    if (args.positional.size() < offset) rt.type_error("missing parameter for attribute name");
    const auto path = ByAttribute ? path_of(rt, &args.positional[0]) : std::vector<value>{};
    const builtin_entry* test = nullptr;
    call_arguments test_args;
    if (args.positional.size() > offset) {
        const value& name = args.positional[offset];
        if (name.is_string()) test = find_test(name.str());
        if (!test) rt.fail(errc::tmpl_unsupported, "no test named '" + escaped(to_text(rt, name).view()) + "'");
        test_args = rest_of(args, offset + 1);
    }
    std::vector<value> kept;
    for (const value& item : iterate(rt, v)) {
        rt.spend();
        const value looked_at = follow(rt, item, path);
        if (truth(test ? test->function(rt, looked_at, test_args) : looked_at) == Keep) kept.push_back(item);
    }
    return rt.generator(std::move(kept));
}
inline value map(runtime& rt, const value& v, const call_arguments& args) {
    if (!truth(v)) return rt.generator({});
    std::vector<value> mapped;
    if (args.positional.empty()) {
        const auto [attribute, otherwise] = bind<2>(rt, args, "map", {"attribute", "default"});
        if (!attribute) rt.type_error("map requires a filter argument");
        const auto path = path_of(rt, attribute);
        for (const value& item : iterate(rt, v)) {
            rt.spend();
            mapped.push_back(follow(rt, item, path, otherwise));
        }
        return rt.generator(std::move(mapped));
    }
    const runtime::level nested(rt);  // map('map', 'map', ...)
    const value& name = args.positional[0];
    const builtin_entry* filter = name.is_string() ? find_filter(name.str()) : nullptr;
    if (!filter) rt.fail(errc::tmpl_unsupported, "no filter named '" + escaped(to_text(rt, name).view()) + "'");
    const call_arguments filter_args = rest_of(args, 1);
    for (const value& item : iterate(rt, v)) {
        rt.spend();
        mapped.push_back(filter->function(rt, item, filter_args));
    }
    return rt.generator(std::move(mapped));
}

// ---- parts

inline value first(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "first");
    if (v.is_sequence()) {
        sequence& s = v.seq();
        const std::size_t at = s.has_length() ? 0 : s.next;
        if (at < s.elements.size()) {
            if (!s.has_length()) ++s.next;
            return s.elements[at];
        }
    } else if (const auto& items = iterate(rt, v); !items.empty()) {
        return items.front();
    }
    return missing_note("No first item, sequence was empty.");
}
inline value last(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "last");
    if (v.is_sequence() && !v.seq().has_length()) rt.type_error("'generator' object is not reversible");
    const auto& items = iterate(rt, v);
    return items.empty() ? missing_note("No last item, sequence was empty.") : items.back();
}
inline value list(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "list");
    return rt.list(iterate(rt, v));
}
inline value reverse(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "reverse");
    if (v.is_string()) return get_slice(rt, v, none{}, none{}, std::int64_t{-1});
    const auto& items = iterate(rt, v);
    return rt.generator({items.rbegin(), items.rend()});
}
inline value batch(runtime& rt, const value& v, const call_arguments& args) {
    const auto [count, fill] = bind<2>(rt, args, "batch", {"linecount", "fill_with"}, 1);
    const std::int64_t size = string_methods::integer_argument(rt, count, 0, "batch");
    const auto& items = iterate(rt, v);
    std::vector<value> batches;
    std::vector<value> row;
    for (const value& item : items) {
        if (static_cast<std::int64_t>(row.size()) == size) batches.push_back(rt.list(std::exchange(row, {})));
        row.push_back(item);
    }
    if (!row.empty()) {
        if (fill && !fill->is_none() && static_cast<std::int64_t>(row.size()) < size) {
            rt.spend(static_cast<std::uint64_t>(size));
            row.resize(static_cast<std::size_t>(size), *fill);
        }
        batches.push_back(rt.list(std::move(row)));
    }
    return rt.generator(std::move(batches));
}
inline value slice(runtime& rt, const value& v, const call_arguments& args) {
    const auto [count, fill] = bind<2>(rt, args, "slice", {"slices", "fill_with"}, 1);
    const std::int64_t slices = string_methods::integer_argument(rt, count, 0, "slice");
    const auto& items = iterate(rt, v);
    if (slices == 0) rt.type_error("slice into 0 parts");
    std::vector<value> parts;
    rt.spend(static_cast<std::uint64_t>(std::max<std::int64_t>(slices, 0)));
    const std::size_t wanted = static_cast<std::size_t>(std::max<std::int64_t>(slices, 1));
    const std::size_t each = items.size() / wanted, longer = items.size() % wanted;
    std::size_t at = 0;
    for (std::int64_t i = 0; i < slices; ++i) {
        const std::size_t size = each + (static_cast<std::size_t>(i) < longer);
        std::vector<value> part(items.begin() + static_cast<std::ptrdiff_t>(at),
                                items.begin() + static_cast<std::ptrdiff_t>(at + size));
        at += size;
        if (fill && !fill->is_none() && static_cast<std::size_t>(i) >= longer) part.push_back(*fill);
        parts.push_back(rt.list(std::move(part)));
    }
    return rt.generator(std::move(parts));
}

// ---- the rest

inline value attr(runtime& rt, const value& v, const call_arguments& args) {
    const auto [name] = bind<1>(rt, args, "attr", {"name"}, 1);
    rt.require_defined(v);
    const text n = to_text(rt, *name);
    if (auto found = own_attribute(rt, v, n)) return *std::move(found);
    return undefined{n, object_name(v), undefined::reason::attribute};
}
inline value default_value(runtime& rt, const value& v, const call_arguments& args) {
    const auto [otherwise, boolean] = bind<2>(rt, args, "default", {"default_value", "boolean"});
    if (!v.is_undefined() && !(boolean && truth(*boolean) && !truth(v))) return v;
    return otherwise ? *otherwise : value(text{});
}
inline value count(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "length");
    return length(rt, v);
}
inline value items(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "items");
    if (v.is_undefined()) return rt.generator({});
    if (!v.is_mapping()) rt.type_error("Can only get item pairs from a mapping.");
    std::vector<value> pairs;
    for (const auto& [key, held] : v.map().entries) pairs.push_back(rt.tuple({key, held}));
    return rt.generator(std::move(pairs));
}
inline value join(runtime& rt, const value& v, const call_arguments& args) {
    const auto [separator, attribute] = bind<2>(rt, args, "join", {"d", "attribute"});
    const text between = separator ? to_text(rt, *separator) : text{};
    const auto path = path_of(rt, attribute);
    std::string out;
    bool at_first = true;
    for (const value& item : iterate(rt, v)) {
        if (!std::exchange(at_first, false)) rt.append(out, between.view());
        append_text(rt, out, follow(rt, item, path));
    }
    return text::owned(std::move(out));
}
inline value sum(runtime& rt, const value& v, const call_arguments& args) {
    const auto [attribute, start] = bind<2>(rt, args, "sum", {"attribute", "start"});
    const auto path = path_of(rt, attribute);
    value total = start ? *start : value(std::int64_t{0});
    for (const value& item : iterate(rt, v)) {
        rt.spend();
        total = calculate(rt, ast::arithmetic_op::add, total, follow(rt, item, path));
    }
    return total;
}

}  // namespace jinja::filters

NIBBLE_NAMESPACE_END
