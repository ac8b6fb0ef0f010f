// SPDX-License-Identifier: Apache-2.0
// A text as a sequence of code points: counted, found by number, visited one by one.
#pragma once

#include <cstddef>
#include <string_view>

#include <nibble/core/any_of.hpp>
#include <nibble/core/config.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

[[nodiscard]] inline bool is_ascii(std::string_view text) noexcept {
    return all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Number of code points: bytes that are no UTF-8 count as units of decode_utf8().
[[nodiscard]] inline std::size_t count_code_points(std::string_view text) noexcept {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++count) at += decode_utf8(text, at).length;
    return count;
}

/// Byte offset of the code point number `index`; text.size() beyond the end.
[[nodiscard]] inline std::size_t byte_offset(std::string_view text, std::size_t index) noexcept {
    std::size_t at = 0;
    for (; index > 0 && at < text.size(); --index) at += decode_utf8(text, at).length;
    return at;
}

/// Calls f(code point, its bytes) for each code point of `text`.
template <class F>
void for_each_code_point(std::string_view text, F&& f) {
    for (std::size_t at = 0; at < text.size();) {
        const utf8_unit next = decode_utf8(text, at);
        f(next.code_point, text.substr(at, next.length));
        at += next.length;
    }
}

/// True where `text` is not empty and `f` holds for each of its code points: the form of str.isspace and its kin.
template <class F>
[[nodiscard]] bool every_code_point(std::string_view text, F&& f) {
    bool all = !text.empty();
    for_each_code_point(text, [&](char32_t code, std::string_view) { all = all && f(code); });
    return all;
}

NIBBLE_NAMESPACE_END
