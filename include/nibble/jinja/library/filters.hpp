// SPDX-License-Identifier: Apache-2.0
// The table of filters.
#pragma once

#include <string_view>

#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/library/html_filters.hpp>
#include <nibble/jinja/library/layout_filters.hpp>
#include <nibble/jinja/library/number_filters.hpp>
#include <nibble/jinja/library/order_filters.hpp>
#include <nibble/jinja/library/sequence_filters.hpp>
#include <nibble/jinja/library/string_methods.hpp>
#include <nibble/jinja/library/text_filters.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

namespace filters {

inline constexpr builtin_entry table[] = {
    {"abs", abs},
    {"attr", attr},
    {"batch", batch},
    {"capitalize", as_text<string_methods::change_case<capitalised>>},
    {"center", center},
    {"count", count},
    {"d", default_value},
    {"default", default_value},
    {"dictsort", dictsort},
    {"e", escape},
    {"escape", escape},
    {"filesizeformat", filesizeformat},
    {"first", first},
    {"float", to_float},
    {"forceescape", forceescape},
    {"format", format},
    {"groupby", groupby},
    {"indent", indent},
    {"int", to_integer},
    {"items", items},
    {"join", join},
    {"last", last},
    {"length", count},
    {"list", list},
    {"lower", as_text<string_methods::change_case<lowered>>},
    {"map", map},
    {"max", extreme<true>},
    {"min", extreme<false>},
    {"reject", choose<false, false>},
    {"rejectattr", choose<true, false>},
    {"replace", replace},
    {"reverse", reverse},
    {"round", round},
    {"safe", safe},
    {"select", choose<false, true>},
    {"selectattr", choose<true, true>},
    {"slice", slice},
    {"sort", sort},
    {"string", string},
    {"striptags", striptags},
    {"sum", sum},
    {"title", title},
    {"tojson", tojson},
    {"trim", as_text<string_methods::strip<true, true>>},
    {"truncate", truncate},
    {"unique", unique},
    {"upper", as_text<string_methods::change_case<uppered>>},
    {"urlencode", urlencode},
    {"wordcount", wordcount},
    {"wordwrap", wordwrap},
    {"xmlattr", xmlattr},
};
static_assert(is_sorted_table(table));

}  // namespace filters

inline const builtin_entry* find_filter(std::string_view name) noexcept { return find_builtin(filters::table, name); }

}  // namespace jinja

NIBBLE_NAMESPACE_END
