// SPDX-License-Identifier: Apache-2.0
// Filters that compare items: sort, dictsort, min, max, groupby, unique.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/merge_sort.hpp>
#include <nibble/jinja/library/attribute_path.hpp>
#include <nibble/jinja/library/strings.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/letter_case.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::filters {

[[nodiscard]] inline value ignoring_case(runtime& rt, const value& v, bool case_sensitive) {
    return case_sensitive || !v.is_string() ? v : rt.string(lowered(v.str()));
}

/// An item with what it is sorted by.
struct keyed_item {
    value key, item;
};
inline void sort_keyed(runtime& rt, std::vector<keyed_item>& items, bool reverse) {
    merge_sort(items.data(), items.size(), [&](const keyed_item& a, const keyed_item& b) {
        return reverse ? order(rt, b.key, a.key) < 0 : order(rt, a.key, b.key) < 0;
    });
}
[[nodiscard]] inline value sorted_list(runtime& rt, std::vector<keyed_item> items, bool reverse) {
    sort_keyed(rt, items, reverse);
    std::vector<value> sorted;
    sorted.reserve(items.size());
    for (keyed_item& keyed : items) sorted.push_back(std::move(keyed.item));
    return rt.list(std::move(sorted));
}
inline value sort(runtime& rt, const value& v, const call_arguments& args) {
    const auto [reverse, case_sensitive, attribute] =
        bind<3>(rt, args, "sort", {"reverse", "case_sensitive", "attribute"});
    const bool exact = case_sensitive && truth(*case_sensitive);
    std::vector<std::vector<value>> paths;
    if (attribute && attribute->is_string()) {
        for (const std::string_view one : split(rt, attribute->str(), ",", -1, false)) {
            const value path = attribute->as_text().part(one);
            paths.push_back(path_of(rt, &path));
        }
    } else {
        paths.push_back(path_of(rt, attribute));
    }
    std::vector<keyed_item> items;
    for (const value& item : iterate(rt, v)) {
        std::vector<value> keys;
        keys.reserve(paths.size());
        for (const auto& path : paths) keys.push_back(ignoring_case(rt, follow(rt, item, path), exact));
        items.push_back({rt.list(std::move(keys)), item});
    }
    return sorted_list(rt, std::move(items), reverse && truth(*reverse));
}
inline value dictsort(runtime& rt, const value& v, const call_arguments& args) {
    const auto [case_sensitive, by, reverse] = bind<3>(rt, args, "dictsort", {"case_sensitive", "by", "reverse"});
    const std::string_view what = by && by->is_string() ? by->str() : "key";
    if (what != "key" && what != "value") rt.type_error("dictsort sorts by 'key' or 'value'");
    rt.require_defined(v);
    if (!v.is_mapping()) rt.type_error(std::string("dictsort wants a mapping, not ") + type_name(v));
    std::vector<keyed_item> items;
    for (const auto& [key, held] : v.map().entries)
        items.push_back({ignoring_case(rt, what == "key" ? key : held, case_sensitive && truth(*case_sensitive)),
                         rt.tuple({key, held})});
    return sorted_list(rt, std::move(items), reverse && truth(*reverse));
}
template <bool Greatest>
value extreme(runtime& rt, const value& v, const call_arguments& args) {
    const auto [case_sensitive, attribute] =
        bind<2>(rt, args, Greatest ? "max" : "min", {"case_sensitive", "attribute"});
    const auto& items = iterate(rt, v);
    if (items.empty()) return missing_note("No aggregated item, sequence was empty.");
    const auto path = path_of(rt, attribute);
    const bool exact = case_sensitive && truth(*case_sensitive);
    const auto key_of = [&](const value& item) { return ignoring_case(rt, follow(rt, item, path), exact); };
    const value* best = &items[0];
    value best_key = key_of(items[0]);
    for (std::size_t i = 1; i < items.size(); ++i) {
        value key = key_of(items[i]);
        if (Greatest ? order(rt, key, best_key) > 0 : order(rt, key, best_key) < 0) {
            best = &items[i];
            best_key = std::move(key);
        }
    }
    return *best;
}
inline value groupby(runtime& rt, const value& v, const call_arguments& args) {
    const auto [attribute, otherwise, case_sensitive] =
        bind<3>(rt, args, "groupby", {"attribute", "default", "case_sensitive"}, 1);
    const bool exact = case_sensitive && truth(*case_sensitive);
    const auto path = path_of(rt, attribute);
    std::vector<keyed_item> items;
    for (const value& item : iterate(rt, v))
        items.push_back({ignoring_case(rt, follow(rt, item, path, otherwise), exact), item});
    sort_keyed(rt, items, false);
    std::vector<value> groups;
    for (std::size_t i = 0; i < items.size();) {
        const std::size_t first = i;
        std::vector<value> group;
        for (; i < items.size() && equal(rt, items[i].key, items[first].key); ++i) group.push_back(items[i].item);
        if (i == first) group.push_back(items[i++].item);  // NaN, which does not even equal itself
        sequence& made =
            rt.make_sequence({follow(rt, group[0], path, otherwise), rt.list(group)}, sequence::flavor::tuple);
        made.is_group = true;
        groups.push_back(&made);
    }
    return rt.list(std::move(groups));
}
inline value unique(runtime& rt, const value& v, const call_arguments& args) {
    const auto [case_sensitive, attribute] = bind<2>(rt, args, "unique", {"case_sensitive", "attribute"});
    const auto path = path_of(rt, attribute);
    const auto before = [](const value& a, const value& b) { return compare_keys(a, b) < 0; };
    std::set<value, decltype(before)> seen(before);
    std::vector<value> kept;
    for (const value& item : iterate(rt, v)) {
        const value key = ignoring_case(rt, follow(rt, item, path), case_sensitive && truth(*case_sensitive));
        rt.spend(1 + require_key(rt, key) * (static_cast<std::uint64_t>(std::bit_width(seen.size())) + 1));
        if (seen.insert(key).second) kept.push_back(item);
    }
    return rt.generator(std::move(kept));
}

}  // namespace jinja::filters

NIBBLE_NAMESPACE_END
