// SPDX-License-Identifier: Apache-2.0
// Filters that give text.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/arithmetic.hpp>
#include <nibble/jinja/formatting/format_spec.hpp>
#include <nibble/jinja/formatting/json_text.hpp>
#include <nibble/jinja/formatting/printf.hpp>
#include <nibble/jinja/library/arguments.hpp>
#include <nibble/jinja/library/number_filters.hpp>
#include <nibble/jinja/library/string_methods.hpp>
#include <nibble/jinja/library/strings.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/print.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/code_points.hpp>
#include <nibble/unicode/letter_case.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::filters {

/// A filter that is a method of the value's text.
template <builtin Method>
value as_text(runtime& rt, const value& v, const call_arguments& args) {
    const text whole = to_text(rt, v);
    return Method(rt, whole, args).as_text().as_markup(whole.is_markup());
}

inline value string(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "string");
    return to_text(rt, v);
}
inline value safe(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "safe");
    return to_text(rt, v).as_markup();
}
inline value replace(runtime& rt, const value& v, const call_arguments& args) {
    const auto [old, fresh, most] = bind<3>(rt, args, "replace", {"old", "new", "count"}, 2);
    const text s = to_text(rt, v), from = to_text(rt, *old), to = to_text(rt, *fresh);
    const std::int64_t limit =
        most && !most->is_none() ? string_methods::integer_argument(rt, most, -1, "replace") : -1;
    return text::owned(replaced(rt, s.view(), from.view(), to.view(), limit));
}
/// The first letter of each word in upper case and the rest in lower.
inline value title(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "title");
    const text whole = to_text(rt, v);
    std::string out;
    std::size_t at = 0, rest = 0;  // what is not yet in `out` begins at `rest`
    bool at_start = true;
    for_each_code_point(whole.view(), [&](char32_t c, std::string_view bytes) {
        if (at_start) {
            out += lowered(whole.view().substr(rest, at - rest));
            out += uppered(bytes);
            rest = at + bytes.size();
        }
        at += bytes.size();
        at_start = c == '-' || is_space(c) || c == '(' || c == '{' || c == '[' || c == '<';
    });
    return rt.string(out + lowered(whole.view().substr(rest)));
}
inline value format(runtime& rt, const value& v, const call_arguments& args) {
    if (!args.positional.empty() && !args.keyword.empty())
        rt.type_error("format can't handle positional and keyword arguments at the same time");
    const text pattern = to_text(rt, v);
    if (args.keyword.empty()) return printf_format(rt, pattern.view(), rt.tuple(args.positional));
    std::vector<mapping::entry> entries;
    for (const auto& [name, given] : args.keyword) entries.push_back({name, given});
    return printf_format(rt, pattern.view(), rt.dict(std::move(entries)));
}

/// json.dumps() with ensure_ascii off, as Hugging Face defines tojson for chat templates.
inline value tojson(runtime& rt, const value& v, const call_arguments& args) {
    const auto [ensure_ascii, indent, separators, sort_keys] =
        bind<4>(rt, args, "tojson", {"ensure_ascii", "indent", "separators", "sort_keys"});
    json_format format = json_format::python();
    format.ensure_ascii = ensure_ascii && truth(*ensure_ascii);
    std::string spaces;
    if (indent && indent->is_string()) {
        format.indent = indent->str();
    } else if (indent && !indent->is_none()) {
        const std::int64_t columns =
            std::max<std::int64_t>(string_methods::integer_argument(rt, indent, 0, "tojson"), 0);
        rt.spend_bytes(static_cast<std::uint64_t>(columns));
        spaces.assign(static_cast<std::size_t>(columns), ' ');
        format.indent = spaces;
    }
    if (format.indent) format.item_separator = ",";
    if (separators && !separators->is_none()) {
        const auto& pair = iterate(rt, *separators);
        if (pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
            rt.type_error("tojson wants two separators");
        format.item_separator = pair[0].str();
        format.key_separator = pair[1].str();
    }
    return text::owned(to_json_text(rt, v, format, sort_keys && truth(*sort_keys)));
}

inline value filesizeformat(runtime& rt, const value& v, const call_arguments& args) {
    const auto [binary] = bind<1>(rt, args, "filesizeformat", {"binary"});
    const double base = binary && truth(*binary) ? 1024 : 1000;
    const value number = to_float(rt, v, {{none{}}, {}});
    if (!number.is_number()) rt.type_error(std::string("filesizeformat wants a number, not ") + type_name(v));
    const double bytes = number.number();
    if (bytes == 1) return text::borrowed("1 Byte");
    format_spec spec;
    spec.type = 'f';
    spec.precision = bytes < base ? 0 : 1;
    if (bytes < base) return rt.string(format_float(rt, spec, std::trunc(bytes)) + " Bytes");
    static constexpr std::string_view prefixes = "kMGTPEZY";
    double unit = base * base;
    std::size_t i = 0;
    for (; i + 1 < prefixes.size() && bytes >= unit; ++i) unit *= base;
    const std::string name =
        base == 1000 ? std::string(1, prefixes[i]) : std::string(1, i == 0 ? 'K' : prefixes[i]) + "i";
    return rt.string(format_float(rt, spec, base * bytes / unit) + " " + name + "B");
}

inline value wordcount(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "wordcount");
    const text whole = to_text(rt, v);
    rt.spend(1 + whole.view().size() / 64);
    std::int64_t words = 0;
    bool inside = false;
    for_each_code_point(whole.view(), [&](char32_t c, std::string_view) {
        const bool word = is_word(c);
        words += word && !inside;
        inside = word;
    });
    return words;
}

}  // namespace jinja::filters

NIBBLE_NAMESPACE_END
