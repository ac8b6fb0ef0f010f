// SPDX-License-Identifier: Apache-2.0
// Values as text: Python's str() and repr(), and json.dumps().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/ast.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/json/decimal.hpp>
#include <nibble/json/dump.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// Appends "\xNN", "\uNNNN" or "\UNNNNNNNN" (or "\uNNNN" twice, a surrogate pair, for JSON).
inline void append_escape(std::string& out, char prefix, std::uint32_t code, int digits) {
    out += {'\\', prefix};
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += "0123456789abcdef"[(code >> shift) & 15];
}

/// repr() of a string.
[[nodiscard]] inline std::string quoted(std::string_view s) {
    const bool has_single = s.find('\'') != std::string_view::npos, has_double = s.find('"') != std::string_view::npos;
    const char quote = has_single && !has_double ? '"' : '\'';
    std::string out(1, quote);
    for_each_code_point(s, [&](char32_t code, std::string_view bytes) {
        if (code == static_cast<unsigned char>(quote) || code == '\\') {
            out.append(1, '\\').append(bytes);
        } else if (code == '\n' || code == '\r' || code == '\t') {
            out.append(1, '\\').append(1, code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
        } else if (is_printable(code)) {
            out += bytes;
        } else if (code < 0x100) {
            append_escape(out, 'x', code, 2);
        } else {
            append_escape(out, code < 0x10000 ? 'u' : 'U', code, code < 0x10000 ? 4 : 8);
        }
    });
    return out += quote;
}

void append_repr(runtime& rt, std::string& out, const value& v);

inline void append_items(runtime& rt, std::string& out, const std::vector<value>& items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i != 0) rt.append(out, ", ");
        append_repr(rt, out, items[i]);
    }
}

inline void append_sequence(runtime& rt, std::string& out, const sequence& s) {
    switch (s.form) {
        case sequence::flavor::generator: return rt.append(out, "<generator object>");
        case sequence::flavor::range:
            return rt.append(out, "range(" + std::to_string(s.start) + ", " + std::to_string(s.stop) +
                                      (s.step == 1 ? ")" : ", " + std::to_string(s.step) + ")"));
        case sequence::flavor::tuple:
            rt.append(out, "(");
            append_items(rt, out, s.elements);
            return rt.append(out, s.elements.size() == 1 ? ",)" : ")");
        default: break;
    }
    const bool view = s.form != sequence::flavor::list;
    if (view)
        rt.append(out, s.form == sequence::flavor::keys     ? "dict_keys("
                       : s.form == sequence::flavor::values ? "dict_values("
                                                            : "dict_items(");
    rt.append(out, "[");
    append_items(rt, out, s.elements);
    rt.append(out, view ? "])" : "]");
}

/// Appends repr(v).
inline void append_repr(runtime& rt, std::string& out, const value& v) {
    const runtime::level nested(rt);
    switch (v.type()) {
        case kind::undefined: return rt.append(out, "Undefined");
        case kind::none: return rt.append(out, "None");
        case kind::boolean: return rt.append(out, v.boolean() ? "True" : "False");
        case kind::integer: return rt.append(out, std::to_string(v.integer()));
        case kind::number: {
            std::string number;
            append_double(number, v.number());
            return rt.append(out, number);
        }
        case kind::string:
            return rt.append(out, v.as_text().is_markup() ? "Markup(" + quoted(v.str()) + ")" : quoted(v.str()));
        case kind::sequence: return append_sequence(rt, out, v.seq());
        case kind::mapping: {
            rt.append(out, "{");
            const char* separator = "";
            for (const auto& [key, held] : v.map().entries) {
                rt.append(out, std::exchange(separator, ", "));
                append_repr(rt, out, key);
                rt.append(out, ": ");
                append_repr(rt, out, held);
            }
            return rt.append(out, "}");
        }
        case kind::name_space: {
            rt.append(out, "<Namespace {");
            const char* separator = "";
            for (const auto& [name, held] : v.space().attributes) {
                rt.append(out, std::exchange(separator, ", "));
                rt.append(out, quoted(name.view()) + ": ");
                append_repr(rt, out, held);
            }
            return rt.append(out, "}>");
        }
        case kind::callable: {
            const callable& c = v.function();
            return rt.append(out,
                             c.macro ? "<Macro " + quoted(c.name) + ">" : "<function " + std::string(c.name) + ">");
        }
        case kind::loop: {
            const loop_state& l = v.loop();
            return rt.append(out, "<LoopContext " + std::to_string(l.index0 + 1) + "/" +
                                      std::to_string(l.items->size()) + ">");
        }
        case kind::cycler: return rt.append(out, "<Cycler>");
        case kind::joiner: return rt.append(out, "<Joiner>");
    }
}

/// Appends str(v): what {{ v }} shows.
inline void append_text(runtime& rt, std::string& out, const value& v) {
    if (v.is_string()) return rt.append(out, v.str());
    if (!v.is_undefined()) append_repr(rt, out, v);
}
/// str(v).
[[nodiscard]] inline text to_text(runtime& rt, const value& v) {
    if (v.is_string()) return v.as_text();
    if (v.is_undefined()) return {};
    std::string out;
    append_repr(rt, out, v);
    return text::owned(std::move(out));
}

/// The choices of json.dumps().
struct json_style {
    std::optional<std::string> indent;  ///< of one level; unset: everything on one line
    std::string item_separator = ", ", key_separator = ": ";
    bool ensure_ascii = false, sort_keys = false;
};

[[nodiscard]] inline std::string json_string(std::string_view s, bool ensure_ascii) {
    std::string out;
    append_json_string(out, s);
    const auto is_plain = [](char c) { return static_cast<unsigned char>(c) < 0x7f; };
    if (!ensure_ascii || std::all_of(out.begin(), out.end(), is_plain)) return out;
    std::string escaped_out;
    for_each_code_point(out, [&](char32_t code, std::string_view bytes) {
        if (code < 0x7f || code == invalid_code_point) {
            escaped_out += bytes;
        } else if (code < 0x10000) {
            append_escape(escaped_out, 'u', code, 4);
        } else {
            append_escape(escaped_out, 'u', 0xd800 + ((code - 0x10000) >> 10), 4);
            append_escape(escaped_out, 'u', 0xdc00 + ((code - 0x10000) & 0x3ff), 4);
        }
    });
    return escaped_out;
}

/// The scalars that json.dumps() writes, as values and (in quotes) as keys; nullopt for anything else.
[[nodiscard]] inline std::optional<std::string> json_scalar(const value& v, bool ensure_ascii) {
    switch (v.type()) {
        case kind::none: return "null";
        case kind::boolean: return v.boolean() ? "true" : "false";
        case kind::integer: return std::to_string(v.integer());
        case kind::number: {
            std::string out;
            append_double(out, v.number(), "Infinity", "NaN");
            return out;
        }
        case kind::string: return json_string(v.str(), ensure_ascii);
        default: return std::nullopt;
    }
}

/// Appends json.dumps(v).
inline void append_json(runtime& rt, std::string& out, const value& v, const json_style& style, std::size_t depth = 0) {
    const runtime::level nested(rt);
    rt.require_defined(v);
    if (const auto scalar = json_scalar(v, style.ensure_ascii)) return rt.append(out, *scalar);
    const bool is_list =
        v.is_sequence() && (v.seq().form == sequence::flavor::list || v.seq().form == sequence::flavor::tuple);
    if (!is_list && !v.is_mapping())
        rt.type_error(std::string("Object of type ") + type_name(v) + " is not JSON serializable");

    const auto new_line = [&](std::size_t levels) {
        if (!style.indent) return;
        rt.append(out, "\n");
        for (std::size_t i = 0; i < levels; ++i) rt.append(out, *style.indent);
    };
    if (is_list) {
        const auto& items = v.seq().elements;
        if (items.empty()) return rt.append(out, "[]");
        rt.append(out, "[");
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i != 0) rt.append(out, style.item_separator);
            new_line(depth + 1);
            append_json(rt, out, items[i], style, depth + 1);
        }
        new_line(depth);
        return rt.append(out, "]");
    }
    std::vector<const mapping::entry*> entries;
    for (const auto& entry : v.map().entries) entries.push_back(&entry);
    if (entries.empty()) return rt.append(out, "{}");
    if (style.sort_keys) {
        rt.spend(entries.size());
        for (const auto* entry : entries)
            if (entry->key.is_string() != entries[0]->key.is_string() ||
                !(entry->key.is_string() || entry->key.is_number()))
                rt.type_error("keys of different types cannot be sorted");
        std::stable_sort(entries.begin(), entries.end(),
                         [](const auto* a, const auto* b) { return compare_keys(a->key, b->key) < 0; });
    }
    rt.append(out, "{");
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i != 0) rt.append(out, style.item_separator);
        new_line(depth + 1);
        const auto key = json_scalar(entries[i]->key, style.ensure_ascii);
        if (!key) rt.type_error(std::string("a key of JSON cannot be a ") + type_name(entries[i]->key));
        rt.append(out, entries[i]->key.is_string() ? *key : '"' + *key + '"');
        rt.append(out, style.key_separator);
        append_json(rt, out, entries[i]->held, style, depth + 1);
    }
    new_line(depth);
    rt.append(out, "}");
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
