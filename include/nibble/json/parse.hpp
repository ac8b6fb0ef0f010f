// SPDX-License-Identifier: Apache-2.0
// A JSON value from text: one pass, nesting bounded, every error with its offset.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <nibble/json/decimal.hpp>
#include <nibble/json/json.hpp>
#include <nibble/unicode/utf8.hpp>
#include <nibble/unicode/white_space.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Recursive descent; the recursion is bounded by json_limits::depth.
class json_parser {
public:
    json_parser(std::string_view text, const json_limits& limits) : text_(text), limits_(limits) {}

    json document() {
        if (text_.size() > limits_.bytes)
            throw error(errc::limit_exceeded, "JSON text", "at most " + std::to_string(limits_.bytes) + " bytes",
                        std::to_string(text_.size()));
        json result = value(0);
        skip_space();
        if (at_ != text_.size()) fail("the end of the text");
        return result;
    }

private:
    [[noreturn]] void fail(std::string expected) const {
        const std::string got = at_ < text_.size() ? "'" + escaped(text_.substr(at_, 16)) + "'" : "the end of the text";
        throw error(errc::json_syntax, "JSON text", std::move(expected), got, at_);
    }
    void skip_space() noexcept {
        while (at_ < text_.size() && is_white_space(text_[at_])) ++at_;
    }
    [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool accept(char c) noexcept {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    json literal(std::string_view word, json result) {
        if (text_.substr(at_, word.size()) != word) fail("a value");
        at_ += word.size();
        return result;
    }

    json value(std::size_t depth) {
        skip_space();
        switch (peek()) {
            case '{': return object(depth + 1);
            case '[': return array(depth + 1);
            case '"': return string();
            case 't': return literal("true", true);
            case 'f': return literal("false", false);
            case 'n': return literal("null", nullptr);
            default: return number();
        }
    }
    json array(std::size_t depth) {
        if (depth > limits_.depth) fail("at most " + std::to_string(limits_.depth) + " levels of nesting");
        ++at_;
        json::array items;
        skip_space();
        if (accept(']')) return items;
        do {
            items.push_back(value(depth));
            skip_space();
        } while (accept(','));
        if (!accept(']')) fail("',' or ']'");
        return items;
    }
    json object(std::size_t depth) {
        if (depth > limits_.depth) fail("at most " + std::to_string(limits_.depth) + " levels of nesting");
        ++at_;
        json::object members;
        skip_space();
        if (accept('}')) return members;
        do {
            skip_space();
            if (peek() != '"') fail("a key in double quotes");
            std::string key = string();
            skip_space();
            if (!accept(':')) fail("':'");
            members.set(std::move(key), value(depth));
            skip_space();
        } while (accept(','));
        if (!accept('}')) fail("',' or '}'");
        return members;
    }

    json number() {
        const std::size_t start = at_;
        accept('-');
        if (!accept('0') && digits() == 0) {
            at_ = start;
            fail("a value");
        }
        bool integer = true;
        if (accept('.')) {
            integer = false;
            if (digits() == 0) fail("a digit");
        }
        if (accept('e') || accept('E')) {
            integer = false;
            if (!accept('+')) accept('-');
            if (digits() == 0) fail("a digit");
        }
        const std::string_view written = text_.substr(start, at_ - start);
        if (integer) return integer_of(written, start);
        const double nearest = *parse_double(written);
        if (std::isinf(nearest)) {
            at_ = start;
            fail("a number that a double can hold");
        }
        return nearest;
    }
    json integer_of(std::string_view written, std::size_t start) {
        std::int64_t exact = 0;
        if (std::from_chars(written.data(), written.data() + written.size(), exact).ec == std::errc{}) return exact;
        if (written.size() > limits_.digits + written.starts_with('-')) {
            at_ = start;
            fail("at most " + std::to_string(limits_.digits) + " digits");
        }
        return json{big_integer{std::string{written}}};
    }
    std::size_t digits() noexcept {
        const std::size_t start = at_;
        while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
        return at_ - start;
    }
    std::string string() {
        ++at_;
        std::string out;
        while (true) {
            const std::size_t start = at_;
            while (at_ < text_.size() && static_cast<unsigned char>(text_[at_]) >= 0x20 && text_[at_] != '"' &&
                   text_[at_] != '\\' && static_cast<unsigned char>(text_[at_]) < 0x80)
                ++at_;
            out.append(text_, start, at_ - start);
            if (accept('"')) return out;
            if (accept('\\')) {
                escape(out);
            } else if (static_cast<unsigned char>(peek()) >= 0x80) {
                const utf8_unit next = decode_utf8(text_, at_);
                if (next.code_point == invalid_code_point) fail("valid UTF-8");
                out.append(text_, at_, next.length);
                at_ += next.length;
            } else {
                fail(at_ < text_.size() ? "an escaped control character" : "'\"'");
            }
        }
    }
    void escape(std::string& out) {
        static constexpr std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
        if (const std::size_t i = names.find(peek()); at_ < text_.size() && i != std::string_view::npos) {
            out += values[i];
            ++at_;
            return;
        }
        const std::size_t start = at_ - 1;
        if (!accept('u')) fail("an escape that JSON has");
        char32_t code = four_hex_digits();
        if (code >= 0xd800 && code < 0xe000) {
            const bool high = code < 0xdc00 && accept('\\') && accept('u');
            const char32_t low = high ? four_hex_digits() : 0;
            if (low < 0xdc00 || low > 0xdfff) {
                at_ = start;
                fail("both halves of a surrogate pair");
            }
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        append_utf8(out, code);
    }
    char32_t four_hex_digits() {
        std::uint32_t code = 0;
        const char* first = text_.data() + at_;
        if (text_.size() - at_ < 4 || std::from_chars(first, first + 4, code, 16).ptr != first + 4)
            fail("four hexadecimal digits");
        at_ += 4;
        return code;
    }

    std::string_view text_;
    const json_limits& limits_;
    std::size_t at_ = 0;
};

inline json parse_json(std::string_view text, const json_limits& limits) {
    return json_parser(text, limits).document();
}

}  // namespace detail

NIBBLE_NAMESPACE_END
