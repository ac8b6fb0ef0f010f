// SPDX-License-Identifier: Apache-2.0
// The methods of lists, tuples, dictionaries, loops and cyclers; find_method() for all types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/library/arguments.hpp>
#include <nibble/jinja/library/string_methods.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/runtime.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

namespace dict_methods {

inline value get(runtime& rt, const value& self, const call_arguments& args) {
    const auto [key, otherwise] = bind<2>(rt, args, "get", {"key", "default"}, 1);
    if (!args.keyword.empty()) rt.type_error("dict.get() takes no keyword arguments");
    if (const value* held = look_up(rt, self.map(), *key, require_key(rt, *key))) return *held;
    return otherwise ? *otherwise : value(none{});
}
template <sequence::flavor Form>
value view(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "items");
    std::vector<value> parts;
    parts.reserve(self.map().entries.size());
    for (const auto& [key, held] : self.map().entries) {
        if constexpr (Form == sequence::flavor::keys) {
            parts.push_back(key);
        } else if constexpr (Form == sequence::flavor::values) {
            parts.push_back(held);
        } else {
            parts.push_back(rt.tuple({key, held}));
        }
    }
    return &rt.make_sequence(std::move(parts), Form);
}
inline value copy(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "copy");
    return rt.dict(self.map().entries);
}

inline constexpr builtin_entry table[] = {
    {"copy", copy},
    {"get", get},
    {"items", view<sequence::flavor::items>},
    {"keys", view<sequence::flavor::keys>},
    {"values", view<sequence::flavor::values>},
};
static_assert(is_sorted_table(table));

}  // namespace dict_methods

namespace list_methods {

inline value copy(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "copy");
    return rt.list(self.seq().elements);
}
inline value count(runtime& rt, const value& self, const call_arguments& args) {
    const auto [wanted] = bind<1>(rt, args, "count", {"value"}, 1);
    std::int64_t found = 0;
    for (const value& item : self.seq().elements) found += equal(rt, item, *wanted);
    return found;
}
inline value index(runtime& rt, const value& self, const call_arguments& args) {
    const auto [wanted, start, stop] = bind<3>(rt, args, "index", {"value", "start", "stop"}, 1);
    const auto& items = self.seq().elements;
    const auto size = static_cast<std::int64_t>(items.size());
    const auto bound = [&](const value* given, std::int64_t otherwise) {
        std::int64_t at = string_methods::integer_argument(rt, given, otherwise, "index");
        if (at < 0) at += size;
        return std::clamp<std::int64_t>(at, 0, size);
    };
    const std::int64_t end = bound(stop, size);
    for (std::int64_t i = bound(start, 0); i < end; ++i)
        if (equal(rt, items[static_cast<std::size_t>(i)], *wanted)) return i;
    rt.type_error("the value is not in the list");
}

inline constexpr builtin_entry list_table[] = {{"copy", copy}, {"count", count}, {"index", index}};
inline constexpr builtin_entry tuple_table[] = {{"count", count}, {"index", index}};

}  // namespace list_methods

namespace loop_methods {

inline value cycle(runtime& rt, const value& self, const call_arguments& args) {
    if (args.positional.empty() || !args.keyword.empty()) rt.type_error("cycle() wants the items to cycle through");
    return args.positional[self.loop().index0 % args.positional.size()];
}
inline value changed(runtime& rt, const value& self, const call_arguments& args) {
    loop_state& l = self.loop();
    const bool same = l.has_changed && l.last_changed.size() == args.positional.size() &&
                      std::equal(l.last_changed.begin(), l.last_changed.end(), args.positional.begin(),
                                 [&](const value& a, const value& b) { return equal(rt, a, b); });
    l.has_changed = true;
    l.last_changed = args.positional;
    return !same;
}
inline constexpr builtin_entry table[] = {{"changed", changed}, {"cycle", cycle}};

}  // namespace loop_methods

namespace cycler_methods {

inline value next(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "next");
    cycler& c = self.cycle();
    return c.items[std::exchange(c.position, (c.position + 1) % c.items.size())];
}
inline value reset(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "reset");
    self.cycle().position = 0;
    return none{};
}
inline constexpr builtin_entry table[] = {{"next", next}, {"reset", reset}};

}  // namespace cycler_methods

inline const builtin_entry* find_method(const value& receiver, std::string_view name) noexcept {
    switch (receiver.type()) {
        case kind::string: return find_builtin(string_methods::table, name);
        case kind::mapping: return find_builtin(dict_methods::table, name);
        case kind::loop: return find_builtin(loop_methods::table, name);
        case kind::cycler: return find_builtin(cycler_methods::table, name);
        case kind::sequence:
            switch (receiver.seq().form) {
                case sequence::flavor::list: return find_builtin(list_methods::list_table, name);
                case sequence::flavor::tuple:
                case sequence::flavor::range: return find_builtin(list_methods::tuple_table, name);
                default: return nullptr;
            }
        default: return nullptr;
    }
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
