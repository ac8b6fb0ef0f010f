// SPDX-License-Identifier: Apache-2.0
// The methods of Python's str that look for parts of a string.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <nibble/jinja/library/arguments.hpp>
#include <nibble/jinja/library/strings.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/code_points.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::string_methods {

/// The part of the string between the code points `start` and `stop`, and the number of code points before it.
/// nullopt: the range is empty because it begins beyond the end.
struct window {
    std::string_view part;
    std::size_t skipped;
};
[[nodiscard]] inline std::optional<window> window_of(runtime& rt, std::string_view s, const value* start,
                                                     const value* stop, std::string_view method) {
    if (!start && !stop) return window{s, 0};
    rt.spend(1 + s.size() / 64);
    const auto bound = [&](const value* given, std::int64_t otherwise) {
        return !given || given->is_none() ? otherwise : integer_argument(rt, given, otherwise, method);
    };
    const auto size = static_cast<std::int64_t>(count_code_points(s));
    std::int64_t from = bound(start, 0), to = bound(stop, size);
    if (from < 0) from = std::max<std::int64_t>(from + size, 0);
    if (to < 0) to = std::max<std::int64_t>(to + size, 0);
    to = std::min(to, size);
    if (from > to) return std::nullopt;
    const std::size_t first = byte_offset(s, static_cast<std::size_t>(from));
    const std::size_t bytes = byte_offset(s.substr(first), static_cast<std::size_t>(to - from));
    return window{s.substr(first, bytes), static_cast<std::size_t>(from)};
}
/// find, rfind, index, rindex: `Strict` makes not finding it an error.
template <bool FromRight, bool Strict>
value find(runtime& rt, const value& self, const call_arguments& args) {
    const auto [sub, start, stop] = bind<3>(rt, args, Strict ? "index" : "find", {"sub", "start", "end"}, 1);
    const std::string_view wanted = text_argument(rt, sub, "find");
    if (const auto where = window_of(rt, self.str(), start, stop, "find")) {
        const std::size_t at = FromRight ? find_last_text(rt, where->part, wanted) : find_text(rt, where->part, wanted);
        rt.spend_reading(std::min(at, where->part.size()));
        if (at != std::string_view::npos)
            return static_cast<std::int64_t>(where->skipped + count_code_points(where->part.substr(0, at)));
    }
    if (Strict) rt.type_error("substring not found");
    return std::int64_t{-1};
}
inline value count(runtime& rt, const value& self, const call_arguments& args) {
    const auto [sub, start, stop] = bind<3>(rt, args, "count", {"sub", "start", "end"}, 1);
    const std::string_view wanted = text_argument(rt, sub, "count");
    const auto where = window_of(rt, self.str(), start, stop, "count");
    if (!where) return std::int64_t{0};
    if (wanted.empty()) {
        rt.spend_reading(where->part.size());
        return static_cast<std::int64_t>(count_code_points(where->part)) + 1;
    }
    std::int64_t found = 0;
    for (std::size_t at = find_text(rt, where->part, wanted); at != std::string_view::npos;
         at = find_text(rt, where->part, wanted, at + wanted.size()))
        ++found;
    return found;
}
/// startswith and endswith: the affix is a string or a tuple of strings.
template <bool AtEnd>
value has_affix(runtime& rt, const value& self, const call_arguments& args) {
    const auto [affix, start, stop] =
        bind<3>(rt, args, AtEnd ? "endswith" : "startswith", {"prefix", "start", "end"}, 1);
    const auto where = window_of(rt, self.str(), start, stop, "startswith");
    const auto matches = [&](const value& one) {
        const std::string_view wanted = text_argument(rt, &one, AtEnd ? "endswith" : "startswith");
        rt.spend(1 + wanted.size() / 64);
        return where && (AtEnd ? where->part.ends_with(wanted) : where->part.starts_with(wanted));
    };
    if (affix->is_sequence() && affix->seq().form == sequence::flavor::tuple) {
        for (const value& one : affix->seq().elements)
            if (matches(one)) return true;
        return false;
    }
    return matches(*affix);
}

}  // namespace jinja::string_methods

NIBBLE_NAMESPACE_END
