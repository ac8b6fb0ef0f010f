// SPDX-License-Identifier: Apache-2.0
// Reads the regular expression of a JSON schema's "pattern" into an automaton.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/hex.hpp>
#include <nibble/grammar/char_automaton.hpp>
#include <nibble/grammar/code_points.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// What an expression without anchors matches.
enum class regex_extent { anywhere, whole_text };

/// Literals, '.', classes, \d \w \s and their opposites, groups, alternatives, * + ? {m,n} (lazy forms mean the same
/// here), '^' and '$' at the ends of the outermost alternatives. Look-around, back references and word
/// boundaries are errc::schema_unsupported. As in ECMA 262, a pattern without anchors may match anywhere in the
/// string, unless regex_extent says otherwise. Where ECMA 262 and Python differ (\s, \W and the digits of other
/// scripts), the characters on which they agree.
class regex_parser {
public:
    /// `where` names the pattern in errors.
    regex_parser(std::string_view pattern, std::string where, regex_extent extent)
        : text_(pattern), where_(std::move(where)), is_open_(extent == regex_extent::anywhere), builder_(where_) {}

    char_automaton parse() {
        const part whole = alternatives(0);
        if (position_ < text_.size()) fail("no unmatched ')'");
        return builder_.finish(whole);
    }

private:
    using set = code_point_set;
    using part = automaton_builder::part;
    static constexpr std::size_t max_depth = 64;
    static constexpr std::size_t most_atoms = 100'000;  // read, each as often as it is written out
    static constexpr std::size_t unbounded = static_cast<std::size_t>(-1);

    part alternatives(std::size_t depth) {
        part out = sequence(depth);
        while (peek() == '|') {
            ++position_;
            out = builder_.choice(std::move(out), sequence(depth));
        }
        return out;
    }

    part sequence(std::size_t depth) {
        part out;
        if (depth == 0) {
            if (peek() == '^') {
                ++position_;
            } else if (is_open_) {
                out = any_text();
            }
        }
        while (position_ < text_.size() && peek() != '|' && peek() != ')') {
            if (depth == 0 && peek() == '$' && (position_ + 1 == text_.size() || text_[position_ + 1] == '|')) {
                ++position_;
                return out;
            }
            out = builder_.sequence(std::move(out), quantified(depth));
        }
        return depth == 0 && is_open_ ? builder_.sequence(std::move(out), any_text()) : out;
    }

    part any_text() { return builder_.repeated(builder_.one_of(complement({}))); }

    /// An atom with its quantifier. It is read once for each time that it is written out.
    part quantified(std::size_t depth) {
        const std::size_t start = position_;
        part out = atom(depth);
        const std::size_t end = position_;
        const auto [least, most] = quantifier();
        const std::size_t after = position_;
        const auto again = [&] {
            position_ = start;
            part copy = atom(depth);
            position_ = after;
            return copy;
        };
        if (end == after || most == 0) return end == after ? out : part{};
        if (most == unbounded) {
            for (std::size_t i = 1; i < least; ++i) out = builder_.sequence(again(), out);
            return least == 0 ? builder_.repeated(std::move(out))
                              : builder_.sequence(std::move(out), builder_.repeated(again()));
        }
        // x{1,3} is x(x(x)?)?: written so, each copy is followed by one only
        for (std::size_t i = most; i > 1; --i) {
            if (i > least) out.may_be_empty = true;
            out = builder_.sequence(again(), out);
        }
        if (least == 0) out.may_be_empty = true;
        return out;
    }

    part atom(std::size_t depth) {
        if (++atoms_ > most_atoms) fail("a pattern that is smaller when its counts are written out");
        switch (peek()) {
            case '(': return group(depth);
            case '[': return one_of(character_class());
            case '.': ++position_; return one_of(complement({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}));
            case '^':
            case '$': fail("anchors only at the ends of the pattern");
            case '*':
            case '+':
            case '?':
            case '{': fail("something to repeat");
            default: return one_of(one(false));
        }
    }

    part one_of(set characters) {
        if (characters.empty()) fail("a class with at least one character");
        return builder_.one_of(std::move(characters));
    }

    part group(std::size_t depth) {
        if (depth >= max_depth) fail("at most 64 groups inside each other");
        ++position_;
        if (peek() == '?') {
            if (text_.substr(position_, 2) != "?:") fail("only the groups (...) and (?:...)");
            position_ += 2;
        }
        part inner = alternatives(depth + 1);
        if (peek() != ')') fail("')'");
        ++position_;
        return inner;
    }

    /// How often at least and at most; once where there is no quantifier.
    std::pair<std::size_t, std::size_t> quantifier() {
        std::pair<std::size_t, std::size_t> out{1, 1};
        switch (peek()) {
            case '*': out = {0, unbounded}; break;
            case '+': out = {1, unbounded}; break;
            case '?': out = {0, 1}; break;
            case '{': {
                ++position_;
                out.first = out.second = number();
                if (peek() == ',') {
                    ++position_;
                    out.second = peek() == '}' ? unbounded : number();
                }
                if (peek() != '}' || out.second < out.first) fail("{m}, {m,} or {m,n}");
                break;
            }
            default: return out;
        }
        ++position_;
        if (peek() == '?') ++position_;  // lazy: the same texts
        return out;
    }

    std::size_t number() {
        std::size_t out = 0;
        if (peek() < '0' || peek() > '9') fail("{m}, {m,} or {m,n}");
        for (; peek() >= '0' && peek() <= '9'; ++position_) {
            out = out * 10 + static_cast<std::size_t>(peek() - '0');
            if (out > 100'000) fail("a count of at most 100000");
        }
        return out;
    }

    set character_class() {
        ++position_;
        const bool negated = peek() == '^';
        if (negated) ++position_;
        set out;
        while (peek() != ']') {
            if (position_ >= text_.size()) fail("']'");
            const set first = one(negated);
            const bool is_range = is_single(first) && peek() == '-' && position_ + 1 < text_.size() &&
                                  text_[position_ + 1] != ']';  // behind a set such as \d, '-' is a character
            if (!is_range) {
                out.insert(out.end(), first.begin(), first.end());
                continue;
            }
            ++position_;
            const set last = one(negated);
            if (!is_single(last) || last[0].first < first[0].first)
                fail("a range of two characters in ascending order");
            out.push_back({first[0].first, last[0].first});
        }
        ++position_;
        return negated ? complement(std::move(out)) : normalised(std::move(out));
    }

    [[nodiscard]] static bool is_single(const set& s) { return s.size() == 1 && s[0].first == s[0].last; }

    /// A character or an escape that stands for one or for a set. `widest`: with what is in it by ECMA 262 or by
    /// Python, not by both, as a negated class takes it.
    set one(bool widest) {
        if (peek() != '\\') return single(code_point());
        ++position_;
        const auto of = [&](const set& both, const set& either) { return widest ? either : both; };
        const auto none_of = [&](const set& both, const set& either) { return complement(widest ? both : either); };
        const set digit{{'0', '9'}}, any_digit{{'0', '9'}, {0x80, last_code_point}};
        const set word{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
            any_word{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}, {0x80, last_code_point}};
        const set space{{'\t', '\r'},     {' ', ' '},       {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
                        {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};
        set any_space = space;
        any_space.insert(any_space.end(), {{0x1c, 0x1f}, {0x85, 0x85}, {0xfeff, 0xfeff}});
        const char escape = peek();
        if ((escape >= '1' && escape <= '9') || escape == 'b' || escape == 'B' || escape == 'k' || escape == 'p' ||
            escape == 'P' || escape == 'c')
            fail("an escape other than back references, \\b, \\p and \\c");
        if (static_cast<unsigned char>(escape) >= 0x80) return single(code_point());
        ++position_;
        switch (escape) {
            case 'd': return of(digit, any_digit);
            case 'D': return none_of(digit, any_digit);
            case 'w': return of(word, any_word);
            case 'W': return none_of(word, any_word);
            case 's': return of(space, any_space);
            case 'S': return none_of(space, any_space);
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

    [[nodiscard]] char peek() const noexcept { return position_ < text_.size() ? text_[position_] : '\0'; }

    [[noreturn]] void fail(const char* expected) const {
        throw error(errc::schema_unsupported, where_, expected,
                    "'" + escaped(text_.substr(std::min(position_, text_.size()))) + "'", position_);
    }

    std::string_view text_;
    std::size_t position_ = 0, atoms_ = 0;
    std::string where_;
    bool is_open_;
    automaton_builder builder_;
};

/// Throws errc::schema_unsupported for what is no expression or is none of the forms above; `where` names it.
[[nodiscard]] inline char_automaton parse_regex(std::string_view pattern, const std::string& where,
                                                regex_extent extent = regex_extent::anywhere) {
    return regex_parser{pattern, where, extent}.parse();
}

}  // namespace detail

NIBBLE_NAMESPACE_END
