// SPDX-License-Identifier: Apache-2.0
// The methods of Python's str that templates may call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/formatting/format.hpp>
#include <nibble/jinja/library/strings.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/letter_case.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::string_methods {

// ---- arguments

[[nodiscard]] inline std::string_view text_argument(runtime& rt, const value* given, std::string_view method) {
    if (!given || !given->is_string())
        rt.type_error(std::string(method) + "() wants a string" +
                      (given ? std::string(", not ") + type_name(*given) : ""));
    return given->str();
}
[[nodiscard]] inline std::int64_t integer_argument(runtime& rt, const value* given, std::int64_t otherwise,
                                                   std::string_view method) {
    if (!given) return otherwise;
    if (!given->is_integer()) rt.type_error(std::string(method) + "() wants an integer, not " + type_name(*given));
    return given->integer();
}
[[nodiscard]] inline value strings_list(runtime& rt, const value& self, const std::vector<std::string_view>& parts) {
    std::vector<value> items;
    items.reserve(parts.size());
    for (const std::string_view part : parts) items.push_back(self.as_text().part(part));
    return rt.list(std::move(items));
}
inline void pay_for_scan(runtime& rt, const value& self) { rt.spend(1 + self.str().size() / 64); }

// ---- case

template <std::string (*Change)(std::string_view)>
value change_case(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "lower");
    return rt.string(Change(self.str()));
}
inline std::string folded(std::string_view s) { return in_case(s, case_form::folded); }

// ---- questions

template <bool (*Holds)(char32_t)>
value every(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "is...");
    pay_for_scan(rt, self);
    return every_code_point(self.str(), Holds);
}
constexpr bool is_decimal(char32_t c) noexcept { return digit_value(c) >= 0; }
constexpr bool is_digit(char32_t c) noexcept {
    return is_decimal(c) || c == 0xb2 || c == 0xb3 || c == 0xb9 || c == 0x2070 || (c >= 0x2074 && c <= 0x2079) ||
           (c >= 0x2080 && c <= 0x2089) || (c >= 0x2460 && c <= 0x2468);
}
constexpr bool is_numeric(char32_t c) noexcept { return class_of(c) == char_class::number; }
template <bool Upper>
value cased(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "is...");
    pay_for_scan(rt, self);
    bool some = false, none_other = true;
    for_each_code_point(self.str(), [&](char32_t c, std::string_view) {
        some |= class_of(c) == (Upper ? char_class::upper : char_class::lower);
        none_other &= class_of(c) != (Upper ? char_class::lower : char_class::upper);
    });
    return some && none_other;
}
inline value isascii(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "isascii");
    pay_for_scan(rt, self);
    return is_ascii(self.str());
}
inline value isprintable(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "isprintable");
    pay_for_scan(rt, self);
    return self.str().empty() || every_code_point(self.str(), is_printable);
}
inline value isidentifier(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "isidentifier");
    pay_for_scan(rt, self);
    return every_code_point(self.str(), is_word) && digit_value(decode_utf8(self.str(), 0).code_point) < 0;
}
inline value istitle(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "istitle");
    pay_for_scan(rt, self);
    bool some = false, right = true, inside = false;
    for_each_code_point(self.str(), [&](char32_t c, std::string_view) {
        const char_class k = class_of(c);
        if (k == char_class::upper) right &= !inside;
        if (k == char_class::lower) right &= inside;
        inside = k == char_class::upper || k == char_class::lower;
        some |= inside;
    });
    return some && right;
}

// ---- searching

/// The part of the string between the code points `start` and `stop`, and the number of code points before it.
/// nullopt: the range is empty because it begins beyond the end.
struct window {
    std::string_view part;
    std::size_t skipped;
};
[[nodiscard]] inline std::optional<window> window_of(runtime& rt, std::string_view s, const value* start,
                                                     const value* stop, std::string_view method) {
    rt.spend(1 + s.size() / 64);
    const auto bound = [&](const value* given, std::int64_t otherwise) {
        return !given || given->is_none() ? otherwise : integer_argument(rt, given, otherwise, method);
    };
    if (!start && !stop) return window{s, 0};
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
        const std::size_t at = FromRight ? where->part.rfind(wanted) : where->part.find(wanted);
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
    if (wanted.empty()) return static_cast<std::int64_t>(count_code_points(where->part)) + 1;
    std::int64_t found = 0;
    for (std::size_t at = where->part.find(wanted); at != std::string_view::npos;
         at = where->part.find(wanted, at + wanted.size()))
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
        return where && (AtEnd ? where->part.ends_with(wanted) : where->part.starts_with(wanted));
    };
    if (affix->is_sequence() && affix->seq().form == sequence::flavor::tuple) {
        for (const value& one : affix->seq().elements)
            if (matches(one)) return true;
        return false;
    }
    return matches(*affix);
}

// ---- parts

template <bool Left, bool Right>
value strip(runtime& rt, const value& self, const call_arguments& args) {
    const auto [chars] = bind<1>(rt, args, "strip", {"chars"});
    pay_for_scan(rt, self);
    if (!chars || chars->is_none()) return self.as_text().part(strip_space(self.str(), Left, Right));
    return self.as_text().part(strip_chars(self.str(), text_argument(rt, chars, "strip"), Left, Right));
}
template <bool AtEnd>
value remove_affix(runtime& rt, const value& self, const call_arguments& args) {
    const auto [affix] = bind<1>(rt, args, AtEnd ? "removesuffix" : "removeprefix", {"prefix"}, 1);
    const std::string_view wanted = text_argument(rt, affix, "removeprefix"), s = self.str();
    if (AtEnd ? !s.ends_with(wanted) : !s.starts_with(wanted)) return self;
    return self.as_text().part(AtEnd ? s.substr(0, s.size() - wanted.size()) : s.substr(wanted.size()));
}
template <bool FromRight>
value split_at(runtime& rt, const value& self, const call_arguments& args) {
    const auto [separator, most] = bind<2>(rt, args, "split", {"sep", "maxsplit"});
    pay_for_scan(rt, self);
    const std::int64_t limit = integer_argument(rt, most, -1, "split");
    if (!separator || separator->is_none()) return strings_list(rt, self, split_words(self.str(), limit, FromRight));
    const std::string_view wanted = text_argument(rt, separator, "split");
    if (wanted.empty()) rt.type_error("empty separator");
    return strings_list(rt, self, split(self.str(), wanted, limit, FromRight));
}
inline value splitlines(runtime& rt, const value& self, const call_arguments& args) {
    const auto [keep] = bind<1>(rt, args, "splitlines", {"keepends"});
    pay_for_scan(rt, self);
    return strings_list(rt, self, split_lines(self.str(), keep && truth(*keep)));
}
template <bool FromRight>
value partition(runtime& rt, const value& self, const call_arguments& args) {
    const auto [separator] = bind<1>(rt, args, "partition", {"sep"}, 1);
    const std::string_view wanted = text_argument(rt, separator, "partition"), s = self.str();
    if (wanted.empty()) rt.type_error("empty separator");
    pay_for_scan(rt, self);
    const std::size_t at = FromRight ? s.rfind(wanted) : s.find(wanted);
    const text& whole = self.as_text();
    if (at == std::string_view::npos)
        return FromRight ? rt.tuple({text{}, text{}, whole}) : rt.tuple({whole, text{}, text{}});
    return rt.tuple({whole.part(s.substr(0, at)), *separator, whole.part(s.substr(at + wanted.size()))});
}

// ---- new strings

inline value replace(runtime& rt, const value& self, const call_arguments& args) {
    const auto [old, fresh, most] = bind<3>(rt, args, "replace", {"old", "new", "count"}, 2);
    const std::string_view from = text_argument(rt, old, "replace"), to = text_argument(rt, fresh, "replace");
    pay_for_scan(rt, self);
    if (!from.empty() && self.str().find(from) == std::string_view::npos) return self;
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
    {"isascii", isascii},
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
