// SPDX-License-Identifier: Apache-2.0
// attribute="a.b.0": what several filters look at in each item.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <vector>

#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/library/string_questions.hpp>
#include <nibble/jinja/library/strings.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/code_points.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::filters {

/// The steps of an attribute path; none for an attribute that was not given.
[[nodiscard]] inline std::vector<value> path_of(runtime& rt, const value* attribute) {
    std::vector<value> path;
    if (!attribute || attribute->is_none()) return path;
    if (!attribute->is_string()) return {*attribute};
    for (const std::string_view part : split(rt, attribute->str(), ".", -1, false)) {
        std::int64_t index = 0;
        const auto [end, status] = std::from_chars(part.data(), part.data() + part.size(), index);
        const bool numeric = every_code_point(part, string_methods::is_decimal) && status == std::errc{} &&
                             end == part.data() + part.size();
        path.push_back(numeric ? value(index) : value(attribute->as_text().part(part)));
    }
    return path;
}
[[nodiscard]] inline value follow(runtime& rt, value v, const std::vector<value>& path,
                                  const value* otherwise = nullptr) {
    for (const value& step : path) {
        rt.spend();
        v = get_item(rt, v, step);
        if (otherwise && !otherwise->is_none() && v.is_undefined()) v = *otherwise;
    }
    return v;
}

}  // namespace jinja::filters

NIBBLE_NAMESPACE_END
