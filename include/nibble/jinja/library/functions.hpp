// SPDX-License-Identifier: Apache-2.0
// The functions that every template can call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/formatting/strftime.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/print.hpp>
#include <nibble/jinja/runtime.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::functions {

/// range(stop), range(start, stop[, step]); at most 100,000 elements, the sandbox's bound.
inline value range(runtime& rt, const value&, const call_arguments& args) {
    constexpr std::uint64_t most = 100'000;
    const auto [first, second, third] = bind<3>(rt, args, "range", {"start", "stop", "step"}, 1);
    for (const value* given : {first, second, third})
        if (given && !given->is_integer())
            rt.type_error(std::string("range() wants integers, not ") + type_name(*given));
    const std::int64_t start = second ? first->integer() : 0, stop = second ? second->integer() : first->integer();
    const std::int64_t step = third ? third->integer() : 1;
    if (step == 0) rt.type_error("range() arg 3 must not be zero");
    // The distance and the stride as unsigned numbers: nothing overflows.
    const bool some = step > 0 ? start < stop : start > stop;
    const std::uint64_t low = static_cast<std::uint64_t>(step > 0 ? start : stop);
    const std::uint64_t distance = some ? static_cast<std::uint64_t>(step > 0 ? stop : start) - low : 0;
    const std::uint64_t stride = step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
    const std::uint64_t count = distance / stride + (distance % stride != 0);
    if (count > most) rt.fail(errc::tmpl_out_of_fuel, "range() of more than 100000 elements");
    std::vector<value> items;
    items.reserve(static_cast<std::size_t>(count));
    std::int64_t at = start;
    for (std::uint64_t i = 0; i < count; ++i) {
        items.push_back(at);
        if (i + 1 < count) at += step;
    }
    sequence& made = rt.make_sequence(std::move(items), sequence::flavor::range);
    made.start = start;
    made.stop = stop;
    made.step = step;
    return &made;
}

/// The entries of dict(...): from a mapping or pairs, and from keyword arguments.
[[nodiscard]] inline std::vector<mapping::entry> dict_entries(runtime& rt, const call_arguments& args,
                                                              std::string_view function) {
    std::vector<mapping::entry> entries;
    if (args.positional.size() > 1) rt.type_error(std::string(function) + "() takes at most one positional argument");
    for (const value& given : args.positional) {
        if (given.is_mapping()) {
            entries = given.map().entries;
            continue;
        }
        for (const value& item : iterate(rt, given)) {
            const auto& pair = iterate(rt, item);
            if (pair.size() != 2) rt.type_error(std::string(function) + "() wants pairs");
            entries.push_back({pair[0], pair[1]});
        }
    }
    for (const auto& [name, given] : args.keyword) entries.push_back({name, given});
    return entries;
}
inline value dict(runtime& rt, const value&, const call_arguments& args) {
    return rt.dict(dict_entries(rt, args, "dict"));
}
inline value make_namespace(runtime& rt, const value&, const call_arguments& args) {
    name_space* made = rt.make_namespace();
    const value merged = rt.dict(dict_entries(rt, args, "namespace"));
    for (const auto& [key, held] : merged.map().entries)
        if (key.is_string()) made->attributes.emplace_back(key.as_text(), held);
    return made;
}
inline value make_cycler(runtime& rt, const value&, const call_arguments& args) {
    if (args.positional.empty() || !args.keyword.empty()) rt.type_error("cycler() wants at least one item");
    return rt.make_cycler(args.positional);
}
inline value make_joiner(runtime& rt, const value&, const call_arguments& args) {
    const auto [separator] = bind<1>(rt, args, "joiner", {"sep"});
    return rt.make_joiner(separator ? to_text(rt, *separator) : text::borrowed(", "));
}
inline value raise_exception(runtime& rt, const value&, const call_arguments& args) {
    const auto [message] = bind<1>(rt, args, "raise_exception", {"message"}, 1);
    rt.fail(errc::tmpl_raised, escaped(to_text(rt, *message).view(), 1024));
}
inline value strftime_now(runtime& rt, const value&, const call_arguments& args) {
    const auto [pattern] = bind<1>(rt, args, "strftime_now", {"format"}, 1);
    if (!pattern->is_string()) rt.type_error(std::string("strftime_now() wants a string, not ") + type_name(*pattern));
    return text::owned(strftime(rt, pattern->str(), rt.date()));
}

inline constexpr builtin_entry table[] = {
    {"cycler", make_cycler},
    {"dict", dict},
    {"joiner", make_joiner},
    {"namespace", make_namespace},
    {"raise_exception", raise_exception},
    {"range", range},
    {"strftime_now", strftime_now},
};
static_assert(is_sorted_table(table));

}  // namespace jinja::functions

namespace jinja {

inline const builtin_entry* find_function(std::string_view name) noexcept {
    return find_builtin(functions::table, name);
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
