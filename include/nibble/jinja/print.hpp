// SPDX-License-Identifier: Apache-2.0
// Values as text: Python's str() and repr().
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/hex.hpp>
#include <nibble/jinja/python_text.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/json/decimal.hpp>
#include <nibble/unicode/code_points.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// Appends the shortest of Python's escapes of a code point: "\xNN", "\uNNNN" or "\UNNNNNNNN".
inline void append_escape(std::string& out, char32_t code) {
    const std::size_t digits = code < 0x100 ? 2 : code < 0x10000 ? 4 : 8;
    out += {'\\', digits == 2 ? 'x' : digits == 4 ? 'u' : 'U'};
    append_hex(out, code, digits);
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
        } else {
            append_escape(out, code);
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

inline void append_mapping(runtime& rt, std::string& out, const mapping& m) {
    rt.append(out, "{");
    const char* separator = "";
    for (const auto& [key, held] : m.entries) {
        rt.append(out, std::exchange(separator, ", "));
        append_repr(rt, out, key);
        rt.append(out, ": ");
        append_repr(rt, out, held);
    }
    rt.append(out, "}");
}

inline void append_namespace(runtime& rt, std::string& out, const name_space& n) {
    rt.append(out, "<Namespace {");
    const char* separator = "";
    for (const auto& [name, held] : n.attributes) {
        rt.append(out, std::exchange(separator, ", "));
        rt.append(out, quoted(name.view()) + ": ");
        append_repr(rt, out, held);
    }
    rt.append(out, "}>");
}

/// Appends repr(v).
inline void append_repr(runtime& rt, std::string& out, const value& v) {
    const runtime::level nested(rt);
    switch (v.type()) {
        case kind::undefined: return rt.append(out, "Undefined");
        case kind::none: return rt.append(out, "None");
        case kind::boolean: return rt.append(out, v.boolean() ? "True" : "False");
        case kind::integer: return rt.append(out, std::to_string(v.integer()));
        case kind::big_integer: return rt.append(out, v.digits());
        case kind::number: {
            std::string number;
            append_double(number, v.number());
            return rt.append(out, number);
        }
        case kind::string:
            return rt.append(out, v.as_text().is_markup() ? "Markup(" + quoted(v.str()) + ")" : quoted(v.str()));
        case kind::sequence: return append_sequence(rt, out, v.seq());
        case kind::mapping: return append_mapping(rt, out, v.map());
        case kind::name_space: return append_namespace(rt, out, v.space());
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

/// repr() or, with `ascii`, ascii() of a value.
[[nodiscard]] inline std::string represented(runtime& rt, const value& v, bool ascii) {
    std::string out;
    append_repr(rt, out, v);
    if (!ascii || is_ascii(out)) return out;
    std::string plain;
    for_each_code_point(out, [&](char32_t code, std::string_view bytes) {
        if (code < 0x80 || code == invalid_code_point) {
            plain += bytes;
        } else {
            append_escape(plain, code);
        }
    });
    return plain;
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
