// SPDX-License-Identifier: Apache-2.0
// JSON text from a value.
#pragma once

#include <string>
#include <string_view>

#include <nibble/json/json.hpp>
#include <nibble/json/writer.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

// Recursion follows the value's own depth: json::parse bounds that of text from outside.
template <class Punctuation>
void dump_json(std::string& out, const json& value, const json_format& format, Punctuation& punctuation) {
    switch (value.type()) {
        case json::kind::null: out += "null"; break;
        case json::kind::boolean: out += value.as_boolean() ? "true" : "false"; break;
        case json::kind::integer: out += std::to_string(value.as_integer()); break;
        case json::kind::big_integer: out += value.as_big_integer().digits; break;
        case json::kind::number: append_json_number(out, value.as_double()); break;
        case json::kind::string: append_json_string(out, value.as_string(), format.ensure_ascii); break;
        case json::kind::array:
            punctuation.open("[");
            for (const json& item : value.as_array()) {
                punctuation.item();
                dump_json(out, item, format, punctuation);
            }
            punctuation.close("]");
            break;
        case json::kind::object:
            punctuation.open("{");
            for (const json_member& member : value.as_object()) {
                punctuation.item();
                append_json_string(out, member.key, format.ensure_ascii);
                punctuation.after_key();
                dump_json(out, member.value, format, punctuation);
            }
            punctuation.close("}");
            break;
    }
}

}  // namespace detail

NIBBLE_NAMESPACE_END
