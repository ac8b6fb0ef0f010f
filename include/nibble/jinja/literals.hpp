// SPDX-License-Identifier: Apache-2.0
// Python's literals in a template: numbers, and the escapes of strings.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <nibble/core/error.hpp>
#include <nibble/core/hex.hpp>
#include <nibble/jinja/lexeme.hpp>
#include <nibble/jinja/place.hpp>
#include <nibble/json/decimal.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// Behind the digits of `base` that stand at `at`, with single underscores between them.
[[nodiscard]] constexpr std::size_t skip_digits(std::string_view source, std::size_t at, int base) noexcept {
    const auto digit_at = [&](std::size_t i) {
        return i < source.size() && hex_value(source[i]) >= 0 && hex_value(source[i]) < base;
    };
    while (digit_at(at) || (at < source.size() && source[at] == '_' && digit_at(at + 1))) ++at;
    return at;
}

/// Behind the fraction and the exponent that stand at `at`; `at` itself where there are none.
[[nodiscard]] constexpr std::size_t skip_fraction(std::string_view source, std::size_t at) noexcept {
    const auto char_at = [&](std::size_t i) { return i < source.size() ? source[i] : '\0'; };
    const auto digit_at = [&](std::size_t i) { return char_at(i) >= '0' && char_at(i) <= '9'; };
    if (char_at(at) == '.' && digit_at(at + 1)) at = skip_digits(source, at + 1, 10);
    if (char_at(at) == 'e' || char_at(at) == 'E') {
        const std::size_t exponent = at + (char_at(at + 1) == '+' || char_at(at + 1) == '-' ? 2 : 1);
        if (digit_at(exponent)) at = skip_digits(source, exponent, 10);
    }
    return at;
}

/// The number whose first digit stands at `start`. Throws errc::tmpl_syntax for one that Python does not take, and for
/// an integer of more than 64 bits.
[[nodiscard]] inline lexeme read_number(std::string_view source, std::size_t start) {
    int base = 10;
    if (source[start] == '0' && start + 1 < source.size()) {
        const char letter = static_cast<char>(source[start + 1] | 0x20);
        base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    }
    const std::size_t digits = start + (base == 10 ? 0 : 2), whole_end = skip_digits(source, digits, base);
    const bool is_index = start != 0 && source[start - 1] == '.';  // the 0 of a.0.1
    const std::size_t end = base != 10 || is_index ? whole_end : skip_fraction(source, whole_end);
    std::string plain(source.substr(digits, end - digits));
    std::erase(plain, '_');
    lexeme token{token_kind::number, static_cast<std::uint32_t>(start), source.substr(start, end - start)};
    if (end != whole_end) {
        token.number = parse_double(plain).value_or(0);
        return token;
    }
    token.kind = token_kind::integer;
    const char* last = plain.data() + plain.size();
    const auto [stop, status] = std::from_chars(plain.data(), last, token.integer, base);
    if (status == std::errc::result_out_of_range) syntax_error(source, start, "an integer of at most 64 bits");
    if (status != std::errc{} || stop != last ||
        (plain.size() > 1 && plain[0] == '0' && base == 10 && token.integer != 0))
        syntax_error(source, start, "a number", "'" + escaped(token.text, 32) + "'");
    return token;
}

/// The text of a string literal whose inside is source[begin, end), with the escapes of Python. Something follows every
/// backslash. Throws errc::tmpl_syntax for an escape that names no character.
[[nodiscard]] inline std::string unescaped_literal(std::string_view source, std::size_t begin, std::size_t end) {
    static constexpr std::string_view names = "\\'\"abfnrtv", values = "\\'\"\a\b\f\n\r\t\v";
    const std::string_view body = source.substr(begin, end - begin);
    std::string out;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] != '\\') {
            out += body[i];
            continue;
        }
        const char c = body[++i];
        const auto code_from = [&](std::size_t first, std::size_t most, int base, bool exactly) {
            const std::string_view spelled = body.substr(std::min(first, body.size()), most);
            std::uint32_t code = 0;
            const char* stop = std::from_chars(spelled.data(), spelled.data() + spelled.size(), code, base).ptr;
            const auto length = static_cast<std::size_t>(stop - spelled.data());
            if ((exactly && length != most) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
                syntax_error(source, begin + first, "the digits of an escaped code point",
                             "'" + escaped(spelled) + "'");
            append_utf8(out, code);
            i = first + length - 1;
        };
        if (const std::size_t known = names.find(c); known != std::string_view::npos) {
            out += values[known];
        } else if (c >= '0' && c <= '7') {
            code_from(i, 3, 8, false);
        } else if (c == 'x' || c == 'u' || c == 'U') {
            code_from(i + 1, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, true);
        } else if (c != '\n') {  // an escaped newline is nothing; an unknown escape is itself
            out += {'\\', c};
        }
    }
    return out;
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
