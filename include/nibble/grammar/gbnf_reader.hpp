// SPDX-License-Identifier: Apache-2.0
// The text of a grammar in GBNF, character by character: words, numbers, escapes, and where something is wrong.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/hex.hpp>
#include <nibble/grammar/code_points.hpp>
#include <nibble/grammar/syntax.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

class gbnf_reader {
protected:
    gbnf_reader(std::string_view text, const grammar_limits& limits) : text_(text), limits_(limits) {}
    ~gbnf_reader() = default;

    [[nodiscard]] char peek() const noexcept { return position_ < text_.size() ? text_[position_] : '\0'; }

    std::string_view word() {
        const std::size_t start = position_;
        const auto in_name = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        };
        while (in_name(peek())) ++position_;
        return text_.substr(start, position_ - start);
    }

    void skip_space(bool newlines) {
        for (; position_ < text_.size(); ++position_) {
            if (peek() == '#') position_ = std::min(text_.find('\n', position_), text_.size());
            const char c = peek();
            if (c != ' ' && c != '\t' && !(newlines && (c == '\n' || c == '\r'))) return;
        }
    }

    /// A character of a literal or a class, escaped or not.
    char32_t code_point() {
        if (peek() != '\\') {
            const auto [character, length] = decode_utf8(text_, position_);
            if (character == invalid_code_point)
                fail_at(position_, "valid UTF-8", escaped(text_.substr(position_, length)));
            position_ += length;
            return character;
        }
        const std::size_t start = position_++;
        const char escape = peek();
        ++position_;
        switch (escape) {
            case 'n': return U'\n';
            case 'r': return U'\r';
            case 't': return U'\t';
            case 'x': return hexadecimal(start, 2);
            case 'u': return hexadecimal(start, 4);
            case 'U': return hexadecimal(start, 8);
            default: break;
        }
        const bool punctuation = (escape > ' ' && escape < '0') || (escape > '9' && escape < 'A') ||
                                 (escape > 'Z' && escape < 'a') || (escape > 'z' && escape < '\x7f');
        if (!punctuation)
            fail_at(start, "an escape: \\n \\r \\t \\x \\u \\U or a mark", escaped(text_.substr(start, 2)));
        return static_cast<unsigned char>(escape);
    }

    char32_t hexadecimal(std::size_t start, std::size_t digits) {
        std::uint32_t value = 0;  // at most 8 digits: 32 bits
        for (std::size_t i = 0; i < digits; ++i, ++position_) {
            const int digit = hex_value(peek());
            if (digit < 0)
                fail_at(start, std::to_string(digits) + " hexadecimal digits",
                        escaped(text_.substr(start, digits + 2)));
            value = value << 4 | static_cast<std::uint32_t>(digit);
        }
        if (!is_scalar_value(value)) fail_at(start, "a Unicode character", escaped(text_.substr(start, digits + 2)));
        return value;
    }

    /// A count, at most limits_.max_repeat.
    std::uint32_t number() {
        skip_space(false);
        const std::size_t start = position_;
        std::size_t value = 0;
        for (; peek() >= '0' && peek() <= '9'; ++position_) {
            value = value * 10 + static_cast<std::size_t>(peek() - '0');
            if (value > limits_.max_repeat || value >= grammar_node::unbounded)
                limit("repetition", limits_.max_repeat, "times");
        }
        if (position_ == start) fail("a number");
        return static_cast<std::uint32_t>(value);
    }

    // ---- errors

    [[noreturn]] void fail(const std::string& expected) const {
        fail_at(position_, expected,
                position_ < text_.size() ? "'" + escaped(text_.substr(position_, 1)) + "'" : "the end");
    }

    [[noreturn]] void fail_at(std::size_t at, const std::string& expected, const std::string& got) const {
        throw error(errc::grammar_syntax, where(at), expected, got, at);
    }

    [[noreturn]] void too_deep() const {
        throw error(errc::grammar_too_deep, where(position_),
                    "at most " + std::to_string(limits_.max_depth) + " nested groups", "more", position_);
    }

    [[noreturn]] void limit(const char* what, std::size_t most, const char* unit) const {
        throw error(errc::grammar_limit, where(position_),
                    std::string{what} + " of at most " + std::to_string(most) + " " + unit, "more", position_);
    }

    [[nodiscard]] std::string where(std::size_t at) const {
        std::size_t line = 1, column = 1;
        for (const char c : text_.substr(0, at)) {
            if (c == '\n') {
                ++line;
                column = 1;
            } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
                ++column;
            }
        }
        return "grammar, line " + std::to_string(line) + ", column " + std::to_string(column);
    }

    std::string_view text_;
    const grammar_limits& limits_;
    std::size_t position_ = 0;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
