// SPDX-License-Identifier: Apache-2.0
// json::dump: JSON text from a value.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <nibble/json/decimal.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Appends `text` as a JSON string with its quotes. UTF-8 is kept; quotes, backslashes and control characters are
/// escaped, with the short forms where JSON has one.
inline void append_json_string(std::string& out, std::string_view text) {
    static constexpr char hex[] = "0123456789abcdef";
    static constexpr std::string_view plain = "\"\\\b\f\n\r\t", names = "\"\\bfnrt";
    out += '"';
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        out.append(text, start, i - start);
        start = i + 1;
        if (const std::size_t short_form = plain.find(text[i]); short_form != std::string_view::npos) {
            out += {'\\', names[short_form]};
        } else {
            out.append("\\u00");
            out += {hex[byte >> 4], hex[byte & 15]};
        }
    }
    out.append(text, start);
    out += '"';
}

namespace detail {

// Recursion follows the value's own depth: json::parse bounds that of text from outside.
inline void dump_json(std::string& out, const json& value, const json_format& format) {
    switch (value.type()) {
        case json::kind::null: out += "null"; break;
        case json::kind::boolean: out += value.as_boolean() ? "true" : "false"; break;
        case json::kind::integer: out += std::to_string(value.as_integer()); break;
        case json::kind::number: append_double(out, value.as_double(), "Infinity", "NaN"); break;
        case json::kind::string: append_json_string(out, value.as_string()); break;
        case json::kind::array: {
            out += '[';
            bool first = true;
            for (const json& item : value.as_array()) {
                if (!std::exchange(first, false)) out += format.item_separator;
                dump_json(out, item, format);
            }
            out += ']';
            break;
        }
        case json::kind::object: {
            out += '{';
            bool first = true;
            for (const json_member& member : value.as_object()) {
                if (!std::exchange(first, false)) out += format.item_separator;
                append_json_string(out, member.key);
                out += format.key_separator;
                dump_json(out, member.value, format);
            }
            out += '}';
            break;
        }
    }
}

}  // namespace detail

inline std::string json::dump(const json_format& format) const {
    std::string out;
    detail::dump_json(out, *this, format);
    return out;
}

NIBBLE_NAMESPACE_END
