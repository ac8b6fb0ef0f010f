// SPDX-License-Identifier: Apache-2.0
// JSON text, written value by value: the one place that knows its escapes and punctuation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/core/config.hpp>
#include <nibble/core/hex.hpp>
#include <nibble/json/decimal.hpp>
#include <nibble/json/format.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Appends `text` as a JSON string with its quotes. UTF-8 is kept, unless `ensure_ascii` asks for \u escapes; quotes,
/// backslashes and control characters are escaped, with the short forms where JSON has one. Bytes that are no UTF-8
/// stay.
inline void append_json_string(std::string& out, std::string_view text, bool ensure_ascii = false) {
    static constexpr std::string_view plain = "\"\\\b\f\n\r\t", names = "\"\\bfnrt";
    const auto escape = [&out](std::uint32_t unit) {
        out += "\\u";
        append_hex(out, unit, 4);
    };
    out += '"';
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool stays = byte >= 0x20 && byte != '"' && byte != '\\' && !(ensure_ascii && byte >= 0x7f);
        if (stays) continue;
        const utf8_unit unit = decode_utf8(text, i);
        if (unit.code_point == invalid_code_point) continue;
        out.append(text, start, i - start);
        start = i + unit.length;
        if (const std::size_t short_form = plain.find(text[i]); short_form != std::string_view::npos) {
            out += {'\\', names[short_form]};
        } else if (unit.code_point < 0x10000) {
            escape(unit.code_point);
        } else {  // a surrogate pair
            escape(0xd800 + ((unit.code_point - 0x10000) >> 10));
            escape(0xdc00 + ((unit.code_point - 0x10000) & 0x3ff));
        }
        i = start - 1;
    }
    out.append(text, start);
    out += '"';
}

/// Appends a double in the shortest form that reads back exactly; what is not finite as Python writes it.
inline void append_json_number(std::string& out, double number) { append_double(out, number, "Infinity", "NaN"); }

/// Writes the punctuation of lists and objects. `Append` is called with one stretch of text after the other.
template <class Append>
class json_punctuation {
public:
    json_punctuation(const json_format& format, Append append) : format_(format), append_(append) {}

    /// A list or an object begins; it is written as "[]" or "{}" if it ends with no item() in between.
    void open(std::string_view bracket) {
        append_(bracket);
        ++depth_;
        empty_ = true;
    }
    /// Before every item of a list and every key of an object.
    void item() {
        if (!std::exchange(empty_, false)) append_(format_.item_separator);
        new_line();
    }
    /// Between a key and its value.
    void after_key() { append_(format_.key_separator); }
    void close(std::string_view bracket) {
        --depth_;
        if (!std::exchange(empty_, false)) new_line();
        append_(bracket);
    }

private:
    void new_line() {
        if (!format_.indent) return;
        append_("\n");
        for (std::size_t i = 0; i < depth_; ++i) append_(*format_.indent);
    }

    const json_format& format_;
    Append append_;
    std::size_t depth_ = 0;
    bool empty_ = false;  // the innermost list or object has no item yet
};

NIBBLE_NAMESPACE_END
