// SPDX-License-Identifier: Apache-2.0
// The methods of Python's str that ask what a string consists of: isalpha and its kin.
#pragma once

#include <string_view>

#include <nibble/jinja/library/arguments.hpp>
#include <nibble/jinja/python_text.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/class_tables.hpp>
#include <nibble/unicode/code_points.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::string_methods {

template <bool (*Holds)(char32_t)>
value every(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "is...");
    pay_for_scan(rt, self);
    return every_code_point(self.str(), Holds);
}
constexpr bool is_decimal(char32_t c) noexcept { return digit_value(c) >= 0; }
constexpr bool is_digit(char32_t c) noexcept {
    return is_decimal(c) || c == 0xb2 || c == 0xb3 || c == 0xb9 || c == 0x2070 || (c >= 0x2074 && c <= 0x2079) ||
           (c >= 0x2080 && c <= 0x2089) || (c >= 0x2460 && c <= 0x2468);
}
constexpr bool is_numeric(char32_t c) noexcept { return class_of(c) == char_class::number; }
template <bool Upper>
value cased(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "is...");
    pay_for_scan(rt, self);
    bool some = false, none_other = true;
    for_each_code_point(self.str(), [&](char32_t c, std::string_view) {
        some |= class_of(c) == (Upper ? char_class::upper : char_class::lower);
        none_other &= class_of(c) != (Upper ? char_class::lower : char_class::upper);
    });
    return some && none_other;
}
// isascii is a macro of some C libraries
inline value all_ascii(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "isascii");
    pay_for_scan(rt, self);
    return is_ascii(self.str());
}
inline value isprintable(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "isprintable");
    pay_for_scan(rt, self);
    return self.str().empty() || every_code_point(self.str(), is_printable);
}
inline value isidentifier(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "isidentifier");
    pay_for_scan(rt, self);
    return every_code_point(self.str(), is_word) && digit_value(decode_utf8(self.str(), 0).code_point) < 0;
}
inline value istitle(runtime& rt, const value& self, const call_arguments& args) {
    bind_nothing(rt, args, "istitle");
    pay_for_scan(rt, self);
    bool some = false, right = true, inside = false;
    for_each_code_point(self.str(), [&](char32_t c, std::string_view) {
        const char_class k = class_of(c);
        if (k == char_class::upper) right &= !inside;
        if (k == char_class::lower) right &= inside;
        inside = k == char_class::upper || k == char_class::lower;
        some |= inside;
    });
    return some && right;
}

}  // namespace jinja::string_methods

NIBBLE_NAMESPACE_END
