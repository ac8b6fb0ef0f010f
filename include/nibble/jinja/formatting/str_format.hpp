// SPDX-License-Identifier: Apache-2.0
// Python's str.format(): "{:d}".format(x).
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/formatting/format_spec.hpp>
#include <nibble/jinja/print.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// [[fill]align][sign][#][0][width][grouping][.precision][type]
[[nodiscard]] inline format_spec parse_format_spec(runtime& rt, std::string_view text_spec) {
    format_spec spec;
    std::size_t at = 0;
    const auto peek = [&](std::size_t i) { return i < text_spec.size() ? text_spec[i] : '\0'; };
    const auto is_align = [](char c) { return c == '<' || c == '>' || c == '=' || c == '^'; };
    const std::size_t first = text_spec.empty() ? 0 : decode_utf8(text_spec, 0).length;
    const bool filled = first != 0 && is_align(peek(first));
    if (filled) {
        spec.fill = text_spec.substr(0, first);
        spec.align = peek(first);
        at = first + 1;
    } else if (is_align(peek(0))) {
        spec.align = peek(at++);
    }
    if (peek(at) == '+' || peek(at) == '-' || peek(at) == ' ') spec.sign = text_spec[at++];
    if (peek(at) == '#') spec.alternate = true, ++at;
    if (peek(at) == '0') {
        if (!filled) spec.fill = "0";
        if (!filled && spec.align == '\0') spec.align = '=';
        ++at;
    }
    spec.width = read_count(rt, text_spec, at).value_or(0);
    if (peek(at) == ',' || peek(at) == '_') spec.grouping = text_spec[at++];
    if (peek(at) == '.') {
        const auto precision = read_count(rt, text_spec, ++at);
        if (!precision) rt.type_error("format specifier missing precision");
        spec.precision = *precision;
    }
    if (at < text_spec.size()) spec.type = text_spec[at++];
    if (at < text_spec.size()) rt.type_error("invalid format specifier '" + escaped(text_spec) + "'");
    return spec;
}

/// format(v, spec).
[[nodiscard]] inline std::string formatted(runtime& rt, const value& v, std::string_view text_spec) {
    if (text_spec.empty()) return std::string(to_text(rt, v).view());
    format_spec spec = parse_format_spec(rt, text_spec);
    const std::string_view type(&spec.type, spec.type != '\0');
    if (v.is_string() && (type.empty() || type == "s")) {
        if (spec.align == '=') spec.align = '<';
        return format_text(rt, spec, v.str(), '<');
    }
    if (v.is_number()) {
        const bool for_integers = std::string_view("bdoxX").find(spec.type) != std::string_view::npos;
        const bool for_both = std::string_view("eEfFgGn%").find(spec.type) != std::string_view::npos;
        if (v.type() != kind::number && (type.empty() || for_integers || type == "n")) {
            if (spec.precision >= 0) rt.type_error("precision not allowed in integer format specifier");
            return format_integer(rt, spec, v);
        }
        if (type.empty() || for_both) return format_float(rt, spec, v.number());
    }
    rt.type_error("unsupported format string '" + escaped(text_spec) + "' for an object of type '" + type_name(v) +
                  "'");
}

/// The argument that a field names: by position, by keyword, or as the next one without a number.
[[nodiscard]] inline value field_argument(runtime& rt, std::string_view name, const call_arguments& args,
                                          std::size_t& automatic) {
    if (name.find_first_not_of("0123456789") == std::string_view::npos) {
        std::size_t at = 0;
        const std::size_t index =
            name.empty() ? automatic++ : static_cast<std::size_t>(read_count(rt, name, at).value_or(0));
        if (index >= args.positional.size()) rt.type_error("replacement index out of range for positional arguments");
        return args.positional[index];
    }
    rt.spend(args.keyword.size() / 16 + args.keyword.size() * (name.size() / 64));
    const auto found =
        std::find_if(args.keyword.begin(), args.keyword.end(), [&](const auto& a) { return a.first.view() == name; });
    if (found == args.keyword.end()) rt.type_error("format string names the missing argument '" + escaped(name) + "'");
    return found->second;
}

/// What `path`, attributes and subscripts in any number, leads to from `v`. Every '[' in it has its ']'.
[[nodiscard]] inline value follow_field_path(runtime& rt, value v, std::string_view path) {
    while (!path.empty()) {
        rt.spend();
        if (path[0] == '.') {
            const std::string_view name = path.substr(1, path.find_first_of(".[", 1) - 1);
            v = get_attribute(rt, v, text::owned(std::string(name)));
            path.remove_prefix(1 + name.size());
        } else {
            const std::size_t close = path.find(']');
            const std::string_view key = path.substr(1, close - 1);
            std::int64_t index = 0;
            const auto [stop, status] = std::from_chars(key.data(), key.data() + key.size(), index);
            const bool is_index =
                !key.empty() && status == std::errc{} && stop == key.data() + key.size() && key[0] != '-';
            v = get_item(rt, v, is_index ? value(index) : value(text::owned(std::string(key))));
            path.remove_prefix(close + 1);
            if (!path.empty() && path[0] != '.' && path[0] != '[')
                rt.type_error("only '.' or '[' may follow ']' in format string");
        }
    }
    return v;
}

/// Applies the conversion (!s, !r or !a) that `rest` begins with, if there is one, and takes it off.
[[nodiscard]] inline value converted(runtime& rt, value v, std::string_view& rest) {
    if (rest.empty() || rest[0] != '!') return v;
    if (rest.size() < 2 || (rest.size() > 2 && rest[2] != ':'))
        rt.type_error("expected ':' after conversion specifier");
    const char conversion = rest[1];
    if (conversion != 's' && conversion != 'r' && conversion != 'a')
        rt.type_error("unknown conversion specifier '" + escaped(rest.substr(1, 1)) + "'");
    rest.remove_prefix(2);
    if (conversion == 's') return to_text(rt, v);
    return rt.string(represented(rt, v, conversion == 'a'));
}

[[nodiscard]] inline std::string brace_format(runtime& rt, std::string_view pattern, const call_arguments& args,
                                              std::size_t& automatic);

/// One replacement field, the text between its braces: name(.attribute|[item])*(!conversion)?(:spec)?
[[nodiscard]] inline std::string format_field(runtime& rt, std::string_view field, const call_arguments& args,
                                              std::size_t& automatic) {
    std::size_t end = field.find_first_of("!:[");
    while (end != std::string_view::npos && field[end] == '[') {  // a subscript may hold the other two
        end = field.find(']', end);
        if (end == std::string_view::npos) rt.type_error("expected ']' in format string");
        end = field.find_first_of("!:[", end);
    }
    std::string_view path = field.substr(0, end);
    std::string_view rest = end == std::string_view::npos ? std::string_view{} : field.substr(end);
    const std::string_view name = path.substr(0, path.find_first_of(".["));
    path.remove_prefix(name.size());
    const value v = converted(rt, follow_field_path(rt, field_argument(rt, name, args, automatic), path), rest);
    if (!rest.empty()) rest.remove_prefix(1);
    if (rest.find('{') == std::string_view::npos) return formatted(rt, v, rest);
    return formatted(rt, v, brace_format(rt, rest, args, automatic));
}

/// str.format(). `automatic` counts the fields without a number.
inline std::string brace_format(runtime& rt, std::string_view pattern, const call_arguments& args,
                                std::size_t& automatic) {
    const runtime::level nested(rt);
    rt.spend_reading(pattern.size());
    std::string out;
    for (std::size_t at = 0; at < pattern.size();) {
        const char c = pattern[at];
        if (c != '{' && c != '}') {
            const std::size_t end = std::min(pattern.find_first_of("{}", at), pattern.size());
            rt.append(out, pattern.substr(at, end - at));
            at = end;
        } else if (at + 1 < pattern.size() && pattern[at + 1] == c) {
            rt.append(out, pattern.substr(at, 1));
            at += 2;
        } else if (c == '}') {
            rt.type_error("single '}' encountered in format string");
        } else {
            std::size_t end = at + 1;
            for (int open = 1; end < pattern.size(); ++end) {
                if (pattern[end] == '{') ++open;
                if (pattern[end] == '}' && --open == 0) break;
            }
            if (end >= pattern.size()) rt.type_error("expected '}' before end of string");
            rt.append(out, format_field(rt, pattern.substr(at + 1, end - at - 1), args, automatic));
            at = end + 1;
        }
    }
    return out;
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
