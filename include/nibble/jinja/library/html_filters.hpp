// SPDX-License-Identifier: Apache-2.0
// Filters for HTML and addresses: entities, tags, attributes, queries.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/core/hex.hpp>
#include <nibble/jinja/library/strings.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/print.hpp>
#include <nibble/jinja/python_text.hpp>
#include <nibble/jinja/runtime.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::filters {

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
    for (const std::string_view word : split_words(rt, plain, -1, false)) {
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
            out += '%';
            append_hex(out, byte, 2, upper_hex_digits);
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

}  // namespace jinja::filters

NIBBLE_NAMESPACE_END
