// SPDX-License-Identifier: Apache-2.0
// The methods of Python's str that templates may call: those that give strings, and the table of all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/formatting/str_format.hpp>
#include <nibble/jinja/library/arguments.hpp>
#include <nibble/jinja/library/string_questions.hpp>
#include <nibble/jinja/library/string_search.hpp>
#include <nibble/jinja/library/strings.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/code_points.hpp>
#include <nibble/unicode/letter_case.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::string_methods {

// ---- case

template <std::string (*Change)(std::string_view)>
value change_case(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "lower");
    return rt.string(Change(self.str()));
}
inline std::string folded(std::string_view s) { return in_case(s, case_form::folded); }

[[nodiscard]] inline value strings_list(runtime& rt, const value& self, const std::vector<std::string_view>& parts) {
    std::vector<value> items;
    items.reserve(parts.size());
    for (const std::string_view part : parts) items.push_back(self.as_text().part(part));
    return rt.list(std::move(items));
}
// ---- parts

template <bool Left, bool Right>
value strip(runtime& rt, const value& self, const call_arguments& args) {
    const auto [chars] = bind<1>(rt, args, "strip", {"chars"});
    pay_for_scan(rt, self);
    if (!chars || chars->is_none()) return self.as_text().part(strip_space(self.str(), Left, Right));
    return self.as_text().part(strip_chars(rt, self.str(), text_argument(rt, chars, "strip"), Left, Right));
}
template <bool AtEnd>
value remove_affix(runtime& rt, const value& self, const call_arguments& args) {
    const auto [affix] = bind<1>(rt, args, AtEnd ? "removesuffix" : "removeprefix", {"prefix"}, 1);
    const std::string_view wanted = text_argument(rt, affix, "removeprefix"), s = self.str();
    rt.spend_reading(std::min(wanted.size(), s.size()));
    if (AtEnd ? !s.ends_with(wanted) : !s.starts_with(wanted)) return self;
    return self.as_text().part(AtEnd ? s.substr(0, s.size() - wanted.size()) : s.substr(wanted.size()));
}
template <bool FromRight>
value split_at(runtime& rt, const value& self, const call_arguments& args) {
    const auto [separator, most] = bind<2>(rt, args, "split", {"sep", "maxsplit"});
    const std::int64_t limit = integer_argument(rt, most, -1, "split");
    if (!separator || separator->is_none()) {
        pay_for_scan(rt, self);
        return strings_list(rt, self, split_words(rt, self.str(), limit, FromRight));
    }
    const std::string_view wanted = text_argument(rt, separator, "split");
    if (wanted.empty()) rt.type_error("empty separator");
    return strings_list(rt, self, split(rt, self.str(), wanted, limit, FromRight));
}
inline value splitlines(runtime& rt, const value& self, const call_arguments& args) {
    const auto [keep] = bind<1>(rt, args, "splitlines", {"keepends"});
    pay_for_scan(rt, self);
    return strings_list(rt, self, split_lines(rt, self.str(), keep && truth(*keep)));
}
template <bool FromRight>
value partition(runtime& rt, const value& self, const call_arguments& args) {
    const auto [separator] = bind<1>(rt, args, "partition", {"sep"}, 1);
    const std::string_view wanted = text_argument(rt, separator, "partition"), s = self.str();
    if (wanted.empty()) rt.type_error("empty separator");
    const std::size_t at = FromRight ? find_last_text(rt, s, wanted) : find_text(rt, s, wanted);
    const text& whole = self.as_text();
    if (at == std::string_view::npos)
        return FromRight ? rt.tuple({text{}, text{}, whole}) : rt.tuple({whole, text{}, text{}});
    return rt.tuple({whole.part(s.substr(0, at)), *separator, whole.part(s.substr(at + wanted.size()))});
}

// ---- new strings

inline value replace(runtime& rt, const value& self, const call_arguments& args) {
    const auto [old, fresh, most] = bind<3>(rt, args, "replace", {"old", "new", "count"}, 2);
    const std::string_view from = text_argument(rt, old, "replace"), to = text_argument(rt, fresh, "replace");
    if (find_text(rt, self.str(), from) == std::string_view::npos) return self;
    return text::owned(replaced(rt, self.str(), from, to, integer_argument(rt, most, -1, "replace")));
}
inline value join(runtime& rt, const value& self, const call_arguments& args) {
    const auto [items] = bind<1>(rt, args, "join", {"iterable"}, 1);
    std::string out;
    bool first = true;
    for (const value& item : iterate(rt, *items)) {
        if (!item.is_string()) rt.type_error(std::string("join() wants strings, not ") + type_name(item));
        if (!std::exchange(first, false)) rt.append(out, self.str());
        rt.append(out, item.str());
    }
    return text::owned(std::move(out));
}
inline value format(runtime& rt, const value& self, const call_arguments& args) {
    std::size_t automatic = 0;
    return rt.string(brace_format(rt, self.str(), args, automatic));
}
inline value format_map(runtime& rt, const value& self, const call_arguments& args) {
    const auto [given] = bind<1>(rt, args, "format_map", {"mapping"}, 1);
    if (!given->is_mapping()) rt.type_error("format_map() wants a mapping");
    rt.spend(given->map().entries.size());
    call_arguments named;
    for (const auto& entry : given->map().entries)
        if (entry.key.is_string()) named.keyword.emplace_back(entry.key.as_text(), entry.held);
    return format(rt, self, named);
}
template <padding Where>
value justify(runtime& rt, const value& self, const call_arguments& args) {
    const auto [width, fill] = bind<2>(rt, args, "center", {"width", "fillchar"}, 1);
    const std::string_view filler = fill ? text_argument(rt, fill, "center") : " ";
    if (count_code_points(filler) != 1) rt.type_error("the fill character must be exactly one character long");
    return text::owned(justified(rt, self.str(), integer_argument(rt, width, 0, "center"), filler, Where));
}
inline value zfill(runtime& rt, const value& self, const call_arguments& args) {
    const auto [width] = bind<1>(rt, args, "zfill", {"width"}, 1);
    const std::string_view s = self.str();
    const std::size_t sign = s.starts_with('-') || s.starts_with('+') ? 1 : 0;
    const std::int64_t wide = integer_argument(rt, width, 0, "zfill");
    return text::owned(std::string(s.substr(0, sign)) + justified(rt, s.substr(sign),
                                                                  wide > 0 ? wide - static_cast<std::int64_t>(sign) : 0,
                                                                  "0", padding::left));
}
inline value expandtabs(runtime& rt, const value& self, const call_arguments& args) {
    const auto [size] = bind<1>(rt, args, "expandtabs", {"tabsize"});
    const std::int64_t every_columns = integer_argument(rt, size, 8, "expandtabs");
    std::string out;
    std::int64_t column = 0;
    for_each_code_point(self.str(), [&](char32_t code, std::string_view bytes) {
        if (code == '\t') {
            const std::int64_t spaces = every_columns > 0 ? every_columns - column % every_columns : 0;
            rt.spend_bytes(out.size() + static_cast<std::uint64_t>(spaces));
            out.append(static_cast<std::size_t>(spaces), ' ');
            column += spaces;
        } else {
            out += bytes;
            column = code == '\n' || code == '\r' ? 0 : column + 1;
        }
    });
    return rt.string(std::move(out));
}

inline constexpr builtin_entry table[] = {
    {"capitalize", change_case<capitalised>},
    {"casefold", change_case<folded>},
    {"center", justify<padding::both>},
    {"count", count},
    {"endswith", has_affix<true>},
    {"expandtabs", expandtabs},
    {"find", find<false, false>},
    {"format", format},
    {"format_map", format_map},
    {"index", find<false, true>},
    {"isalnum", every<is_alphanumeric>},
    {"isalpha", every<is_letter>},
    {"isascii", all_ascii},
    {"isdecimal", every<is_decimal>},
    {"isdigit", every<is_digit>},
    {"isidentifier", isidentifier},
    {"islower", cased<false>},
    {"isnumeric", every<is_numeric>},
    {"isprintable", isprintable},
    {"isspace", every<is_space>},
    {"istitle", istitle},
    {"isupper", cased<true>},
    {"join", join},
    {"ljust", justify<padding::right>},
    {"lower", change_case<lowered>},
    {"lstrip", strip<true, false>},
    {"partition", partition<false>},
    {"removeprefix", remove_affix<false>},
    {"removesuffix", remove_affix<true>},
    {"replace", replace},
    {"rfind", find<true, false>},
    {"rindex", find<true, true>},
    {"rjust", justify<padding::left>},
    {"rpartition", partition<true>},
    {"rsplit", split_at<true>},
    {"rstrip", strip<false, true>},
    {"split", split_at<false>},
    {"splitlines", splitlines},
    {"startswith", has_affix<false>},
    {"strip", strip<true, true>},
    {"swapcase", change_case<case_swapped>},
    {"title", change_case<titled>},
    {"upper", change_case<uppered>},
    {"zfill", zfill},
};
static_assert(is_sorted_table(table));

}  // namespace jinja::string_methods

NIBBLE_NAMESPACE_END
