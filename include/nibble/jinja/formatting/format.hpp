// SPDX-License-Identifier: Apache-2.0
// Python's two ways of formatting: "%d" % x and "{:d}".format(x).
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/print.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/letter_case.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// How one value is to be written: the parts that both notations share.
struct format_spec {
    std::string fill = " ";
    char align = '\0';  ///< '<', '>', '^', or '=' (padding between sign and digits)
    char sign = '-';    ///< '-', '+' or ' '
    bool alternate = false;
    char grouping = '\0';  ///< ',' or '_'
    std::int64_t width = 0;
    std::int64_t precision = -1;
    char type = '\0';
};

/// `body` with its `sign` in front, padded to the width (in code points).
[[nodiscard]] inline std::string padded(runtime& rt, const format_spec& spec, std::string sign, std::string_view body,
                                        char default_align) {
    const auto have = static_cast<std::int64_t>(count_code_points(sign) + count_code_points(body));
    const std::int64_t missing = spec.width > have ? spec.width - have : 0;
    rt.spend_bytes(static_cast<std::uint64_t>(missing) * spec.fill.size() + body.size());
    const char align = spec.align != '\0' ? spec.align : default_align;
    const std::int64_t left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
    std::string out;
    if (align == '=') out += sign;
    for (std::int64_t i = 0; i < left; ++i) out += spec.fill;
    if (align != '=') out += sign;
    out += body;
    for (std::int64_t i = left; i < missing; ++i) out += spec.fill;
    return out;
}

/// Separators between groups of digits of the whole part.
[[nodiscard]] inline std::string grouped(std::string digits, char separator, std::size_t size) {
    if (separator == '\0') return digits;
    const std::size_t whole = std::min(digits.find_first_not_of("0123456789abcdefABCDEF"), digits.size());
    for (std::size_t at = whole; at > size;) {
        at -= size;
        digits.insert(at, 1, separator);
    }
    return digits;
}

[[nodiscard]] inline std::string format_integer(runtime& rt, const format_spec& spec, std::int64_t number) {
    std::string sign = number < 0 ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
    const std::uint64_t magnitude =
        number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    const char type = spec.type;
    const int base = type == 'x' || type == 'X' ? 16 : type == 'o' ? 8 : type == 'b' ? 2 : 10;
    char buffer[64];
    std::string digits(buffer, std::to_chars(buffer, buffer + sizeof buffer, magnitude, base).ptr);
    if (type == 'X')
        for (char& c : digits) c = static_cast<char>(to_upper(static_cast<unsigned char>(c)));
    if (spec.precision > static_cast<std::int64_t>(digits.size())) {
        rt.spend_bytes(static_cast<std::uint64_t>(spec.precision));
        digits.insert(0, static_cast<std::size_t>(spec.precision) - digits.size(), '0');
    }
    if (spec.alternate && base != 10) sign.append(1, '0').append(1, type);
    return padded(rt, spec, std::move(sign), grouped(std::move(digits), spec.grouping, base == 10 ? 3 : 4), '>');
}

[[nodiscard]] inline std::string format_float(runtime& rt, const format_spec& spec, double number) {
    std::string sign = std::signbit(number) && !std::isnan(number) ? "-"
                       : spec.sign == '-'                          ? ""
                                                                   : std::string(1, spec.sign);
    if (spec.alternate) rt.fail(errc::tmpl_unsupported, "the form '#' of a float is not supported");
    const char type = static_cast<char>(spec.type | 0x20);
    double magnitude = std::fabs(number);
    std::string body;
    if (type == '%') magnitude *= 100;
    if (!std::isfinite(magnitude)) {
        body = std::isnan(magnitude) ? "nan" : "inf";
    } else if (spec.type == '\0' && spec.precision < 0) {
        append_double(body, magnitude);
    } else {
        const std::int64_t precision = spec.precision < 0 ? 6 : spec.precision;
        rt.spend_bytes(static_cast<std::uint64_t>(precision));
        const bool general = type == 'g' || type == 'n' || spec.type == '\0';
        const auto form = type == 'e' ? std::chars_format::scientific
                          : general   ? std::chars_format::general
                                      : std::chars_format::fixed;
        body.resize(static_cast<std::size_t>(precision) + 340);  // a double has at most 309 digits before the point
        body.resize(static_cast<std::size_t>(std::to_chars(body.data(), body.data() + body.size(), magnitude, form,
                                                           static_cast<int>(general && precision == 0 ? 1 : precision))
                                                 .ptr -
                                             body.data()));
        if (spec.type == '\0' && body.find_first_of(".e") == std::string::npos) body += ".0";
    }
    if (spec.type == '%') body += '%';
    if (spec.type == 'E' || spec.type == 'F' || spec.type == 'G') body = uppered(body);
    return padded(rt, spec, std::move(sign), grouped(std::move(body), spec.grouping, 3), '>');
}

[[nodiscard]] inline std::string format_text(runtime& rt, const format_spec& spec, std::string_view body,
                                             char default_align) {
    if (spec.precision >= 0) body = body.substr(0, byte_offset(body, static_cast<std::size_t>(spec.precision)));
    return padded(rt, spec, {}, body, default_align);
}

/// repr() or, for 'a', ascii() of a value.
[[nodiscard]] inline std::string represented(runtime& rt, const value& v, bool ascii) {
    std::string out;
    append_repr(rt, out, v);
    if (!ascii || is_ascii(out)) return out;
    std::string plain;
    for_each_code_point(out, [&](char32_t code, std::string_view bytes) {
        if (code < 0x80 || code == invalid_code_point) {
            plain += bytes;
        } else {
            append_escape(plain,
                          code < 0x100     ? 'x'
                          : code < 0x10000 ? 'u'
                                           : 'U',
                          code,
                          code < 0x100     ? 2
                          : code < 0x10000 ? 4
                                           : 8);
        }
    });
    return plain;
}

/// The decimal number at `at`, or nullopt; `at` moves behind it.
[[nodiscard]] inline std::optional<std::int64_t> read_count(runtime& rt, std::string_view pattern, std::size_t& at) {
    std::int64_t count = 0;
    const char* first = pattern.data() + at;
    if (at >= pattern.size() || *first < '0' || *first > '9') return std::nullopt;
    const auto [end, status] = std::from_chars(first, pattern.data() + pattern.size(), count);
    if (status != std::errc{} || count > INT32_MAX)
        rt.fail(errc::tmpl_output_too_large, "the width or precision of a format is too large");
    at += static_cast<std::size_t>(end - first);
    return count;
}

// ---- pattern % arguments

/// printf-style formatting. `given`: a tuple of arguments, a dictionary for %(name)s, or the one argument.
[[nodiscard]] inline value printf_format(runtime& rt, std::string_view pattern, const value& given) {
    const bool is_tuple = given.is_sequence() && given.seq().form == sequence::flavor::tuple;
    std::size_t used = 0;
    const auto next_argument = [&]() -> const value& {
        if (is_tuple ? used >= given.seq().elements.size() : used > 0)
            rt.type_error("not enough arguments for format string");
        return is_tuple ? given.seq().elements[used++] : (++used, given);
    };
    const auto star_or_count = [&](std::size_t& at) -> std::optional<std::int64_t> {
        if (at >= pattern.size() || pattern[at] != '*') return read_count(rt, pattern, at);
        ++at;
        const value& v = next_argument();
        if (!v.is_integer() || v.integer() > INT32_MAX || v.integer() < -INT32_MAX) rt.type_error("* wants int");
        return v.integer();
    };
    std::string out;
    for (std::size_t at = 0; at < pattern.size();) {
        const std::size_t percent = std::min(pattern.find('%', at), pattern.size());
        rt.append(out, pattern.substr(at, percent - at));
        at = percent + 1;
        if (percent == pattern.size()) break;

        const value* named = nullptr;
        if (at < pattern.size() && pattern[at] == '(') {
            const std::size_t end = pattern.find(')', at);
            if (!given.is_mapping() || end == std::string_view::npos) rt.type_error("format requires a mapping");
            const std::string_view key = pattern.substr(at + 1, end - at - 1);
            named = given.map().find(key);
            if (!named) rt.type_error("the mapping has no key " + escaped(quoted(key)));
            at = end + 1;
            used = 1;
        }
        format_spec spec;
        bool zero = false;
        for (; at < pattern.size() && std::string_view("-+ #0").find(pattern[at]) != std::string_view::npos; ++at) {
            if (pattern[at] == '-') spec.align = '<';
            if (pattern[at] == '+' || (pattern[at] == ' ' && spec.sign != '+')) spec.sign = pattern[at];
            if (pattern[at] == '#') spec.alternate = true;
            if (pattern[at] == '0') zero = true;
        }
        spec.width = star_or_count(at).value_or(0);
        if (spec.width < 0) {
            spec.align = '<';
            spec.width = -spec.width;
        }
        if (at < pattern.size() && pattern[at] == '.') {
            ++at;
            spec.precision = std::max<std::int64_t>(star_or_count(at).value_or(0), 0);
        }
        while (at < pattern.size() && (pattern[at] == 'h' || pattern[at] == 'l' || pattern[at] == 'L')) ++at;
        if (at >= pattern.size()) rt.type_error("incomplete format");
        const char conversion = pattern[at++];
        if (conversion == '%') {
            rt.append(out, "%");
            continue;
        }
        const value& v = named ? *named : next_argument();
        const auto number = [&]() -> const value& {
            if (!v.is_number())
                rt.type_error(std::string("%") + conversion + " format: a number is required, not " + type_name(v));
            return v;
        };
        switch (conversion) {
            case 's': out += format_text(rt, spec, to_text(rt, v).view(), '>'); break;
            case 'r':
            case 'a': out += format_text(rt, spec, represented(rt, v, conversion == 'a'), '>'); break;
            case 'c': {
                std::string one;
                if (v.is_integer() && v.integer() >= 0 && v.integer() < 0x110000 &&
                    (v.integer() < 0xd800 || v.integer() > 0xdfff)) {
                    append_utf8(one, static_cast<char32_t>(v.integer()));
                } else if (v.is_string() && count_code_points(v.str()) == 1) {
                    one = v.str();
                } else {
                    rt.type_error("%c requires int or char");
                }
                spec.precision = -1;
                out += format_text(rt, spec, one, '>');
                break;
            }
            case 'd':
            case 'i':
            case 'u':
            case 'x':
            case 'X':
            case 'o': {
                std::int64_t whole = 0;
                if (number().is_integer()) {
                    whole = v.integer();
                } else if (conversion == 'x' || conversion == 'X' || conversion == 'o' ||
                           !(std::fabs(v.number()) < 9.2e18)) {
                    rt.type_error(std::string("%") + conversion + " format: an integer is required, not float");
                } else {
                    whole = static_cast<std::int64_t>(v.number());
                }
                spec.type = conversion;
                if (zero && spec.align == '\0') spec.align = '=', spec.fill = "0";
                out += format_integer(rt, spec, whole);
                break;
            }
            case 'e':
            case 'E':
            case 'f':
            case 'F':
            case 'g':
            case 'G':
                spec.type = conversion;
                if (zero && spec.align == '\0') spec.align = '=', spec.fill = "0";
                out += format_float(rt, spec, number().number());
                break;
            default: rt.type_error("unsupported format character '" + escaped(std::string(1, conversion)) + "'");
        }
    }
    const bool may_stay =
        given.is_undefined() || given.is_mapping() || (given.is_sequence() && given.seq().is_indexable());
    if (is_tuple ? used < given.seq().elements.size() : used == 0 && !may_stay)
        rt.type_error("not all arguments converted during string formatting");
    return rt.string(std::move(out));
}

// ---- pattern.format(...)

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
        if (v.is_integer() && (type.empty() || for_integers || type == "n")) {
            if (spec.precision >= 0) rt.type_error("precision not allowed in integer format specifier");
            return format_integer(rt, spec, v.integer());
        }
        if (type.empty() || for_both) return format_float(rt, spec, v.number());
    }
    rt.type_error("unsupported format string '" + escaped(text_spec) + "' for an object of type '" + type_name(v) +
                  "'");
}

/// One replacement field, the text between its braces: name(.attribute|[item])*(!conversion)?(:spec)?
[[nodiscard]] inline std::string format_field(runtime& rt, std::string_view field, const call_arguments& args,
                                              std::size_t& automatic);

/// str.format(). `automatic` counts the fields without a number.
[[nodiscard]] inline std::string brace_format(runtime& rt, std::string_view pattern, const call_arguments& args,
                                              std::size_t& automatic) {
    const runtime::level nested(rt);
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

inline std::string format_field(runtime& rt, std::string_view field, const call_arguments& args,
                                std::size_t& automatic) {
    std::size_t end = field.find_first_of("!:[");
    while (end != std::string_view::npos && field[end] == '[') {  // a subscript may hold the other two
        end = field.find(']', end);
        if (end == std::string_view::npos) rt.type_error("expected ']' in format string");
        end = field.find_first_of("!:[", end);
    }
    std::string_view path = field.substr(0, end);
    std::string_view rest = end == std::string_view::npos ? std::string_view{} : field.substr(end);

    const std::string_view first = path.substr(0, path.find_first_of(".["));
    path.remove_prefix(first.size());
    value v;
    const bool numbered = first.find_first_not_of("0123456789") == std::string_view::npos;
    if (numbered) {
        std::size_t at = 0;
        const std::size_t index =
            first.empty() ? automatic++ : static_cast<std::size_t>(read_count(rt, first, at).value_or(0));
        if (index >= args.positional.size()) rt.type_error("replacement index out of range for positional arguments");
        v = args.positional[index];
    } else {
        const auto found = std::find_if(args.keyword.begin(), args.keyword.end(),
                                        [&](const auto& a) { return a.first.view() == first; });
        if (found == args.keyword.end())
            rt.type_error("format string names the missing argument '" + escaped(first) + "'");
        v = found->second;
    }
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
    if (!rest.empty() && rest[0] == '!') {
        if (rest.size() < 2 || (rest.size() > 2 && rest[2] != ':'))
            rt.type_error("expected ':' after conversion specifier");
        if (rest[1] == 's') {
            v = to_text(rt, v);
        } else if (rest[1] == 'r' || rest[1] == 'a') {
            v = rt.string(represented(rt, v, rest[1] == 'a'));
        } else {
            rt.type_error("unknown conversion specifier '" + escaped(rest.substr(1, 1)) + "'");
        }
        rest.remove_prefix(2);
    }
    if (!rest.empty()) rest.remove_prefix(1);
    if (rest.find('{') == std::string_view::npos) return formatted(rt, v, rest);
    return formatted(rt, v, brace_format(rt, rest, args, automatic));
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
