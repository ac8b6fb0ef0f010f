// SPDX-License-Identifier: Apache-2.0
// Turns the regular expression of a JSON schema's "pattern" into GBNF over the characters of a JSON string.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/hex.hpp>
#include <nibble/grammar/code_points.hpp>
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Literals, '.', classes, \d \w \s and their opposites, groups, alternatives, * + ? {m,n} (lazy forms mean the same
/// here), '^' and '$' at the ends of the outermost alternatives. Look-around, back references and word
/// boundaries are errc::schema_unsupported. As in ECMA 262, a pattern without anchors may match anywhere in the
/// string. A character that JSON must escape appears in its shortest escape.
class regex_converter {
public:
    /// `any` is the GBNF rule for any one character of a JSON string, `where` names the pattern in errors.
    regex_converter(std::string_view pattern, std::string any, std::string where)
        : text_(pattern), any_(std::move(any)), where_(std::move(where)) {}

    std::string convert() {
        std::string out = alternatives(0);
        if (position_ < text_.size()) fail("no unmatched ')'");
        return "(" + out + ")";
    }

private:
    using set = std::vector<code_point_range>;
    static constexpr std::size_t max_depth = 64;

    std::string alternatives(std::size_t depth) {
        std::string out = sequence(depth);
        while (peek() == '|') {
            ++position_;
            out += " | " + sequence(depth);
        }
        return out;
    }

    std::string sequence(std::size_t depth) {
        std::string out;
        if (depth == 0) {
            if (peek() == '^') {
                ++position_;
            } else {
                out = any_ + "* ";
            }
        }
        bool ended = false;
        while (position_ < text_.size() && peek() != '|' && peek() != ')') {
            if (depth == 0 && peek() == '$' && (position_ + 1 == text_.size() || text_[position_ + 1] == '|')) {
                ++position_;
                ended = true;
                break;
            }
            std::string item = atom(depth);
            out += item + quantifier() + " ";
        }
        if (depth == 0 && !ended) out += any_ + "*";
        return out.empty() ? "\"\"" : out;
    }

    std::string atom(std::size_t depth) {
        switch (peek()) {
            case '(': return group(depth);
            case '[': return encoded(character_class());
            case '.': ++position_; return encoded(complement({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}));
            case '^':
            case '$': fail("anchors only at the ends of the pattern");
            case '*':
            case '+':
            case '?':
            case '{': fail("something to repeat");
            default: return encoded(one());
        }
    }

    std::string group(std::size_t depth) {
        if (depth >= max_depth) fail("at most 64 groups inside each other");
        ++position_;
        if (peek() == '?') {
            if (text_.substr(position_, 2) != "?:") fail("only the groups (...) and (?:...)");
            position_ += 2;
        }
        const std::string inner = alternatives(depth + 1);
        if (peek() != ')') fail("')'");
        ++position_;
        return "(" + inner + ")";
    }

    std::string quantifier() {
        std::string out;
        if (const char c = peek(); c == '*' || c == '+' || c == '?') {
            out = c;
            ++position_;
        } else if (c == '{') {
            const auto end = text_.find('}', position_);
            out = text_.substr(position_, end - position_);  // to the end if there is no '}'
            if (end == std::string_view::npos || out.size() < 2 || out[1] == ',' ||
                out.find_first_not_of("{0123456789,") != std::string::npos)
                fail("{m}, {m,} or {m,n}");
            out += '}';
            position_ = end + 1;
        }
        if (!out.empty() && peek() == '?') ++position_;  // lazy: the same texts
        return out;
    }

    set character_class() {
        ++position_;
        const bool negated = peek() == '^';
        if (negated) ++position_;
        set out;
        while (peek() != ']') {
            if (position_ >= text_.size()) fail("']'");
            const set first = one();
            const bool is_range = peek() == '-' && position_ + 1 < text_.size() && text_[position_ + 1] != ']';
            if (!is_range) {
                out.insert(out.end(), first.begin(), first.end());
                continue;
            }
            ++position_;
            const set last = one();
            if (!is_single(first) || !is_single(last) || last[0].first < first[0].first)
                fail("a range of two characters in ascending order");
            out.push_back({first[0].first, last[0].first});
        }
        ++position_;
        return negated ? complement(std::move(out)) : normalised(std::move(out));
    }

    [[nodiscard]] static bool is_single(const set& s) { return s.size() == 1 && s[0].first == s[0].last; }

    /// A character or an escape that stands for one or for a set.
    set one() {
        if (peek() != '\\') return single(code_point());
        ++position_;
        const set digit{{'0', '9'}}, word{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
        const set space{{'\t', '\r'},     {' ', ' '},       {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
                        {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
        const char escape = peek();
        if ((escape >= '1' && escape <= '9') || escape == 'b' || escape == 'B' || escape == 'k' || escape == 'p' ||
            escape == 'P' || escape == 'c')
            fail("an escape other than back references, \\b, \\p and \\c");
        if (static_cast<unsigned char>(escape) >= 0x80) return single(code_point());
        ++position_;
        switch (escape) {
            case 'd': return digit;
            case 'D': return complement(digit);
            case 'w': return word;
            case 'W': return complement(word);
            case 's': return space;
            case 'S': return complement(space);
            case 'n': return single('\n');
            case 'r': return single('\r');
            case 't': return single('\t');
            case 'f': return single('\f');
            case 'v': return single('\v');
            case '0': return single(0);
            case 'x': return single(hexadecimal(2));
            case 'u': return single(hexadecimal(4));
            default: break;
        }
        if (position_ > text_.size() || (escape >= 'a' && escape <= 'z') || (escape >= 'A' && escape <= 'Z'))
            fail("a known escape");
        return single(static_cast<unsigned char>(escape));
    }

    char32_t hexadecimal(std::size_t digits) {
        char32_t value = 0;
        for (std::size_t i = 0; i < digits; ++i, ++position_) {
            const int digit = hex_value(peek());
            if (digit < 0) fail("hexadecimal digits");
            value = value << 4 | static_cast<char32_t>(digit);
        }
        if (!is_scalar_value(value)) fail("a Unicode character");
        return value;
    }

    char32_t code_point() {
        if (position_ >= text_.size()) fail("a character");
        const auto [character, length] = decode_utf8(text_, position_);
        if (character == invalid_code_point) fail("valid UTF-8");
        position_ += length;
        return character;
    }

    static set single(char32_t c) { return {{c, c}}; }

    /// The set as it appears inside a JSON string.
    std::string encoded(const set& characters) {
        set plain;
        std::string out;
        for (const auto& [first, last] : characters) {
            for (char32_t c = first; c <= std::min<char32_t>(last, 0x7f); ++c) {
                if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
                    plain.push_back({c, c});
                } else {
                    append_alternative(out, gbnf_literal(escape_in_json(c)));
                }
            }
            if (last >= 0x80) plain.push_back({std::max<char32_t>(first, 0x80), last});
        }
        plain = normalised(std::move(plain));
        if (!plain.empty()) append_alternative(out, gbnf_class(plain));
        if (out.empty()) fail("a class with at least one character");
        return "(" + out + ")";
    }

    static std::string escape_in_json(char32_t c) {
        switch (c) {
            case '"': return "\\\"";
            case '\\': return "\\\\";
            case '\b': return "\\b";
            case '\f': return "\\f";
            case '\n': return "\\n";
            case '\r': return "\\r";
            case '\t': return "\\t";
            default: break;
        }
        std::string out = "\\u";
        append_hex(out, c, 4);
        return out;
    }

    [[nodiscard]] char peek() const noexcept { return position_ < text_.size() ? text_[position_] : '\0'; }

    [[noreturn]] void fail(const char* expected) const {
        throw error(errc::schema_unsupported, where_, expected,
                    "'" + escaped(text_.substr(std::min(position_, text_.size()))) + "'", position_);
    }

    std::string_view text_;
    std::size_t position_ = 0;
    std::string any_, where_;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
