// SPDX-License-Identifier: Apache-2.0
// Filters that give text.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/library/number_filters.hpp>
#include <nibble/jinja/library/string_methods.hpp>
#include <nibble/jinja/library/strings.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/print.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/letter_case.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::filters {

/// The text of a filter that takes nothing but strings.
[[nodiscard]] inline std::string_view text_of(runtime& rt, const value& v, std::string_view filter) {
    rt.require_defined(v);
    if (!v.is_string()) rt.type_error(std::string(filter) + " wants a string, not " + type_name(v));
    return v.str();
}

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
inline value center(runtime& rt, const value& v, const call_arguments& args) {
    const auto [width] = bind<1>(rt, args, "center", {"width"});
    const std::int64_t columns = string_methods::integer_argument(rt, width, 80, "center");
    return text::owned(justified(rt, to_text(rt, v).view(), columns, " ", padding::both));
}
inline value replace(runtime& rt, const value& v, const call_arguments& args) {
    const auto [old, fresh, most] = bind<3>(rt, args, "replace", {"old", "new", "count"}, 2);
    const text s = to_text(rt, v), from = to_text(rt, *old), to = to_text(rt, *fresh);
    const std::int64_t limit =
        most && !most->is_none() ? string_methods::integer_argument(rt, most, -1, "replace") : -1;
    rt.spend(1 + s.view().size() / 64);
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

inline value escape(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "escape");
    const text whole = to_text(rt, v);
    return whole.is_markup() ? whole : text::owned(html_escaped(rt, whole.view())).as_markup();
}
inline value forceescape(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "forceescape");
    return text::owned(html_escaped(rt, to_text(rt, v).view())).as_markup();
}
inline value striptags(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "striptags");
    const text whole = to_text(rt, v);
    std::string_view s = whole.view();
    rt.spend(1 + s.size() / 8);
    std::string plain;
    while (!s.empty()) {
        const std::size_t open = std::min(s.find('<'), s.size());
        plain += s.substr(0, open);
        s.remove_prefix(open);
        if (s.empty()) break;
        const bool comment = s.starts_with("<!--");
        const std::size_t close = s.find(comment ? "-->" : ">");
        if (close == std::string_view::npos) {
            plain += s;
            break;
        }
        s.remove_prefix(close + (comment ? 3 : 1));
    }
    std::string out;
    for (const std::string_view word : split_words(plain, -1, false)) {
        if (!out.empty()) out += ' ';
        out += word;
    }
    for (const auto& [name, character] : {std::pair<std::string_view, std::string_view>{"&lt;", "<"},
                                          {"&gt;", ">"},
                                          {"&quot;", "\""},
                                          {"&#34;", "\""},
                                          {"&#39;", "'"},
                                          {"&amp;", "&"}})
        out = replaced(rt, out, name, character, -1);
    return rt.string(std::move(out));
}

inline value indent(runtime& rt, const value& v, const call_arguments& args) {
    const auto [width, first, blank] = bind<3>(rt, args, "indent", {"width", "first", "blank"});
    const std::string_view plain = text_of(rt, v, "indent");
    std::string indention(4, ' ');
    if (width && width->is_string()) {
        indention = width->str();
    } else if (width) {
        const std::int64_t columns =
            std::max<std::int64_t>(string_methods::integer_argument(rt, width, 4, "indent"), 0);
        rt.spend_bytes(static_cast<std::uint64_t>(columns));
        indention.assign(static_cast<std::size_t>(columns), ' ');
    }
    const bool also_blank = blank && truth(*blank);
    const std::string whole = std::string(plain) + "\n";  // so that a newline at the end counts as one more line
    std::string out;
    bool at_first = true;
    for (const std::string_view line : split_lines(whole)) {
        if (!at_first) rt.append(out, "\n");
        if (at_first ? first && truth(*first) : also_blank || !line.empty()) rt.append(out, indention);
        rt.append(out, line);
        at_first = false;
    }
    return text::owned(std::move(out));
}

inline value truncate(runtime& rt, const value& v, const call_arguments& args) {
    const auto [most, killwords, ending, leeway] =
        bind<4>(rt, args, "truncate", {"length", "killwords", "end", "leeway"});
    const text end = ending ? to_text(rt, *ending) : text::borrowed("...");
    const std::int64_t limit = string_methods::integer_argument(rt, most, 255, "truncate");
    const std::int64_t slack = leeway && leeway->is_integer() ? leeway->integer() : 5;
    const auto end_length = static_cast<std::int64_t>(count_code_points(end.view()));
    if (limit < end_length) rt.type_error("truncate wants a length of at least that of its end");
    if (slack < 0) rt.type_error("truncate wants a leeway of at least 0");
    if (length(rt, v) - slack <= limit) return v;
    const std::string_view whole = text_of(rt, v, "truncate");
    rt.spend(1 + whole.size() / 64);
    std::string_view kept = whole.substr(0, byte_offset(whole, static_cast<std::size_t>(limit - end_length)));
    if (!killwords || !truth(*killwords)) kept = kept.substr(0, kept.rfind(' '));
    return rt.string(std::string(kept).append(end.view()));
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

/// Lines of at most `width` code points, broken at white space, and inside of words that are longer.
inline value wordwrap(runtime& rt, const value& v, const call_arguments& args) {
    const auto [width, break_long, wrap, hyphens] =
        bind<4>(rt, args, "wordwrap", {"width", "break_long_words", "wrapstring", "break_on_hyphens"});
    const std::int64_t columns = string_methods::integer_argument(rt, width, 79, "wordwrap");
    if (columns <= 0) rt.type_error("wordwrap wants a width above 0");
    const bool cut_words = !break_long || truth(*break_long), at_hyphens = !hyphens || truth(*hyphens);
    const text newline = wrap && wrap->is_string() ? wrap->as_text() : text::borrowed("\n");
    const std::string_view whole = text_of(rt, v, "wordwrap");
    rt.spend(1 + whole.size() / 8);
    std::string out;
    bool first_line = true;
    for (const std::string_view paragraph : split_lines(whole)) {
        if (!std::exchange(first_line, false)) rt.append(out, newline.view());
        std::int64_t used = 0;   // columns of the current line
        std::string_view space;  // white space that waits for the word after it
        bool any = false;
        const auto place = [&](std::string_view piece) {
            auto size = static_cast<std::int64_t>(count_code_points(piece));
            const auto gap = static_cast<std::int64_t>(count_code_points(space));
            if (any && used + gap + size > columns && !(cut_words && size > columns && used + gap < columns)) {
                rt.append(out, newline.view());
                used = 0;
            } else {
                rt.append(out, space);
                used += gap;
            }
            space = {};
            while (cut_words && used + size > columns) {
                const auto room = static_cast<std::size_t>(columns - used);
                const std::size_t bytes = byte_offset(piece, room);
                rt.append(out, piece.substr(0, bytes));
                rt.append(out, newline.view());
                piece.remove_prefix(bytes);
                size -= columns - used;
                used = 0;
            }
            rt.append(out, piece);
            used += size;
            any = true;
        };
        for (std::string_view rest = paragraph; !rest.empty();) {
            const std::string_view trimmed = strip_space(rest, true, false);
            if (trimmed.size() != rest.size()) space = rest.substr(0, rest.size() - trimmed.size());
            rest = trimmed;
            if (rest.empty()) break;
            std::size_t end = 0, letters = 0;
            while (end < rest.size()) {
                const utf8_unit next = decode_utf8(rest, end);
                if (is_space(next.code_point)) break;
                end += next.length;
                letters = is_letter(next.code_point) ? letters + 1 : next.code_point == '-' ? letters : 0;
                const bool hyphen = at_hyphens && next.code_point == '-' && letters >= 2 && end + 1 < rest.size() &&
                                    is_letter(decode_utf8(rest, end).code_point) &&
                                    is_letter(decode_utf8(rest, end + 1).code_point);
                if (hyphen) break;
            }
            place(rest.substr(0, end));
            rest.remove_prefix(end);
        }
    }
    return text::owned(std::move(out));
}

[[nodiscard]] inline std::string url_quoted(std::string_view s, bool in_query) {
    std::string out;
    for (const char c : s) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain =
            byte < 0x80 && (is_alphanumeric(byte) || std::string_view("_.-~").find(c) != std::string_view::npos);
        if (plain || (c == '/' && !in_query)) {
            out += c;
        } else if (c == ' ' && in_query) {
            out += '+';
        } else {
            out += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
        }
    }
    return out;
}
inline value urlencode(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "urlencode");
    if (!v.is_mapping() && !v.is_sequence()) return rt.string(url_quoted(to_text(rt, v).view(), false));
    std::string out;
    const auto add = [&](const value& key, const value& held) {
        if (!out.empty()) out += '&';
        rt.append(out, url_quoted(to_text(rt, key).view(), true) + "=" + url_quoted(to_text(rt, held).view(), true));
    };
    if (v.is_mapping()) {
        for (const auto& [key, held] : v.map().entries) add(key, held);
    } else {
        for (const value& item : iterate(rt, v)) {
            const auto& pair = iterate(rt, item);
            if (pair.size() != 2) rt.type_error("urlencode wants pairs");
            add(pair[0], pair[1]);
        }
    }
    return text::owned(std::move(out));
}
inline value xmlattr(runtime& rt, const value& v, const call_arguments& args) {
    const auto [autospace] = bind<1>(rt, args, "xmlattr", {"autospace"});
    rt.require_defined(v);
    if (!v.is_mapping()) rt.type_error("xmlattr wants a mapping");
    std::string out;
    for (const auto& [key, held] : v.map().entries) {
        if (held.is_none() || held.is_undefined()) continue;
        if (!key.is_string() || key.str().find_first_of(" \t\n\r\f\v/>=") != std::string_view::npos)
            rt.type_error("invalid character in attribute name");
        if (!out.empty() || !autospace || truth(*autospace)) out += ' ';
        rt.append(out, html_escaped(rt, key.str()) + "=\"" + html_escaped(rt, to_text(rt, held).view()) + "\"");
    }
    return text::owned(std::move(out));
}

/// json.dumps() with ensure_ascii off, as Hugging Face defines tojson for chat templates.
inline value tojson(runtime& rt, const value& v, const call_arguments& args) {
    const auto [ensure_ascii, indent, separators, sort_keys] =
        bind<4>(rt, args, "tojson", {"ensure_ascii", "indent", "separators", "sort_keys"});
    json_style style;
    style.ensure_ascii = ensure_ascii && truth(*ensure_ascii);
    style.sort_keys = sort_keys && truth(*sort_keys);
    if (indent && indent->is_string()) {
        style.indent = std::string(indent->str());
    } else if (indent && !indent->is_none()) {
        const std::int64_t columns =
            std::max<std::int64_t>(string_methods::integer_argument(rt, indent, 0, "tojson"), 0);
        rt.spend_bytes(static_cast<std::uint64_t>(columns));
        style.indent = std::string(static_cast<std::size_t>(columns), ' ');
    }
    if (style.indent) style.item_separator = ",";
    if (separators && !separators->is_none()) {
        const auto& pair = iterate(rt, *separators);
        if (pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
            rt.type_error("tojson wants two separators");
        style.item_separator = pair[0].str();
        style.key_separator = pair[1].str();
    }
    std::string out;
    append_json(rt, out, v, style);
    return text::owned(std::move(out));
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

}  // namespace jinja::filters

NIBBLE_NAMESPACE_END
