// SPDX-License-Identifier: Apache-2.0
// How the parser and the interpreter find filters, tests, methods and functions by name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <nibble/jinja/value.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

struct builtin_entry {
    std::string_view name;
    builtin function;
};

/// Binary search in a table sorted by name; nullptr where there is no such entry.
template <std::size_t N>
[[nodiscard]] constexpr const builtin_entry* find_builtin(const builtin_entry (&table)[N],
                                                          std::string_view name) noexcept {
    const auto* found =
        std::lower_bound(table, table + N, name, [](const builtin_entry& e, std::string_view n) { return e.name < n; });
    return found != table + N && found->name == name ? found : nullptr;
}
template <std::size_t N>
[[nodiscard]] constexpr bool is_sorted_table(const builtin_entry (&table)[N]) noexcept {
    return std::is_sorted(table, table + N,
                          [](const builtin_entry& a, const builtin_entry& b) { return a.name < b.name; });
}

[[nodiscard]] const builtin_entry* find_filter(std::string_view name) noexcept;    // library/filters.hpp
[[nodiscard]] const builtin_entry* find_test(std::string_view name) noexcept;      // library/tests.hpp
[[nodiscard]] const builtin_entry* find_function(std::string_view name) noexcept;  // library/functions.hpp
/// A method of the value's type, or nullptr. (library/methods.hpp)
[[nodiscard]] const builtin_entry* find_method(const value& receiver, std::string_view name) noexcept;

/// `object.name` and `object[key]` as Jinja looks them up; undefined where there is no such thing. (lookup.hpp)
[[nodiscard]] value get_attribute(runtime& rt, const value& object, const text& name);
[[nodiscard]] value get_item(runtime& rt, const value& object, const value& key);

}  // namespace jinja

NIBBLE_NAMESPACE_END
