// SPDX-License-Identifier: Apache-2.0
// Template source to tokens, with Jinja2's white space rules (trim_blocks and lstrip_blocks on).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/jinja/heap.hpp>
#include <nibble/jinja/lexeme.hpp>
#include <nibble/jinja/literals.hpp>
#include <nibble/jinja/place.hpp>
#include <nibble/jinja/python_text.hpp>
#include <nibble/unicode/class_tables.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// The source as the lexer wants it: line ends as \n, and without one last of them, as Jinja2 has it.
[[nodiscard]] inline std::string normalised_source(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '\r') {
            if (i + 1 < raw.size() && raw[i + 1] == '\n') ++i;
            out += '\n';
        } else {
            out += raw[i];
        }
    }
    if (out.ends_with('\n')) out.pop_back();
    return out;
}

/// One pass over the source; linear in its length.
class lexer {
public:
    /// `source` is normalised; `strings` keeps the literals whose text differs from the source.
    lexer(std::string_view source, heap& strings) : source_(source), strings_(strings) {}

    /// All tokens, the last of kind end. Throws errc::tmpl_syntax.
    [[nodiscard]] std::vector<lexeme> run() {
        while (at_ < source_.size()) template_text();
        add(token_kind::end, source_.size(), {});
        return std::move(tokens_);
    }

private:
    [[noreturn]] void fail(std::size_t offset, std::string expected, std::string got = {}) const {
        syntax_error(source_, offset, std::move(expected), std::move(got));
    }
    [[nodiscard]] bool looking_at(std::string_view word) const noexcept {
        return source_.substr(at_, word.size()) == word;
    }
    void add(token_kind kind, std::size_t offset, std::string_view text) {
        tokens_.push_back({kind, static_cast<std::uint32_t>(offset), text});
    }
    void add_data(std::size_t offset, std::string_view text) {
        if (!text.empty()) add(token_kind::data, offset, text);
    }
    void skip_space() noexcept {
        while (at_ < source_.size()) {
            const utf8_unit next = decode_utf8(source_, at_);
            if (!is_space(next.code_point)) return;
            at_ += next.length;
        }
    }

    // ---- outside of tags

    // Text up to the next tag, and the tag.
    void template_text() {
        const std::size_t start = at_;
        std::size_t tag = source_.find('{', at_);
        while (tag != std::string_view::npos) {
            const char next = tag + 1 < source_.size() ? source_[tag + 1] : '\0';
            if (next == '{' || next == '%' || next == '#') break;
            tag = source_.find('{', tag + 1);
        }
        if (tag == std::string_view::npos) {
            add_data(start, source_.substr(start));
            at_ = source_.size();
            return;
        }
        const char kind = source_[tag + 1];
        at_ = tag + 2;
        const char sign = strip_sign();
        add_data(start, text_before(start, tag, kind, sign));
        if (kind == '#') {
            comment(tag);
        } else if (kind == '{') {
            add(token_kind::variable_begin, tag, {});
            tag_tokens(tag, token_kind::variable_end, "}}");
        } else if (!raw_block(tag)) {
            add(token_kind::block_begin, tag, {});
            tag_tokens(tag, token_kind::block_end, "%}");
        }
    }
    char strip_sign() noexcept {
        const char c = at_ < source_.size() ? source_[at_] : '\0';
        if (c != '-' && c != '+') return '\0';
        ++at_;
        return c;
    }
    // '-' strips all white space before the tag; before a block or a comment that is first on its line, the
    // indentation goes too, unless there is a '+'.
    [[nodiscard]] std::string_view text_before(std::size_t start, std::size_t tag, char kind,
                                               char sign) const noexcept {
        const std::string_view before = source_.substr(start, tag - start);
        if (sign == '-') return strip_space(before, false, true);
        if (sign == '+' || kind == '{') return before;
        const std::size_t newline = before.rfind('\n');
        const bool at_line_start = newline != std::string_view::npos || start == 0 || source_[start - 1] == '\n';
        const std::size_t line = newline == std::string_view::npos ? 0 : newline + 1;
        if (!at_line_start || !strip_space(before.substr(line)).empty()) return before;
        return before.substr(0, line);
    }
    // After "%}" or "#}": one newline goes; after "-%}" all white space; after "+%}" nothing.
    void after_tag(char sign, bool trim_newline) noexcept {
        if (sign == '-') {
            skip_space();
        } else if (sign != '+' && trim_newline && at_ < source_.size() && source_[at_] == '\n') {
            ++at_;
        }
    }
    void comment(std::size_t tag) {
        const std::size_t end = source_.find("#}", at_);
        if (end == std::string_view::npos) fail(tag, "'#}' that ends the comment", "the end of the template");
        // "{#-#}" has one '-', which is the sign of its beginning.
        const char sign = end > at_ ? source_[end - 1] : '\0';
        at_ = end + 2;
        after_tag(sign, true);
    }
    // {% raw %} ... {% endraw %}: true where one was read.
    bool raw_block(std::size_t tag) {
        const std::size_t start = at_;
        const auto word_and_end = [&](std::string_view word, bool plus) -> std::optional<char> {
            skip_space();
            if (!looking_at(word)) return std::nullopt;
            at_ += word.size();
            skip_space();
            const char sign = looking_at("-%}") ? '-' : plus && looking_at("+%}") ? '+' : '\0';
            if (sign != '\0') ++at_;
            if (!looking_at("%}")) return std::nullopt;
            at_ += 2;
            return sign;
        };
        const auto begin_sign = word_and_end("raw", false);
        if (!begin_sign) {
            at_ = start;
            return false;
        }
        after_tag(*begin_sign, false);
        const std::size_t body = at_;
        for (std::size_t end = source_.find("{%", at_); end != std::string_view::npos;
             end = source_.find("{%", end + 2)) {
            at_ = end + 2;
            const char sign = strip_sign();
            if (const auto end_sign = word_and_end("endraw", true)) {
                add_data(body, text_before(body, end, '%', sign));
                after_tag(*end_sign, true);
                return true;
            }
        }
        fail(tag, "{% endraw %}", "the end of the template");
    }

    // ---- inside of tags

    void tag_tokens(std::size_t tag, token_kind end_kind, std::string_view end) {
        std::string open;  // brackets that wait for their end: inside of them, "}}" ends no tag
        while (true) {
            skip_space();
            if (at_ >= source_.size()) fail(tag, "'" + std::string(end) + "'", "the end of the template");
            if (open.empty()) {
                const bool block = end_kind == token_kind::block_end;
                const char sign = source_[at_] == '-' || (block && source_[at_] == '+') ? source_[at_] : '\0';
                if (source_.substr(at_ + (sign != '\0'), 2) == end) {
                    add(end_kind, at_, {});
                    at_ += sign != '\0' ? 3 : 2;
                    after_tag(sign, block);
                    return;
                }
            }
            const char c = source_[at_];
            if (c == '"' || c == '\'') {
                string_literal();
            } else if (c >= '0' && c <= '9') {
                tokens_.push_back(read_number(source_, at_));
                at_ += tokens_.back().text.size();
            } else if (const utf8_unit next = decode_utf8(source_, at_); is_word(next.code_point)) {
                const std::size_t start = at_;
                while (at_ < source_.size()) {
                    const utf8_unit more = decode_utf8(source_, at_);
                    if (!is_word(more.code_point) && class_of(more.code_point) != char_class::mark) break;
                    at_ += more.length;
                }
                add(token_kind::name, start, source_.substr(start, at_ - start));
            } else {
                operator_token(open);
            }
        }
    }
    void operator_token(std::string& open) {
        static constexpr std::string_view pairs[] = {"==", "!=", ">=", "<=", "//", "**"};
        for (const std::string_view word : pairs) {
            if (!looking_at(word)) continue;
            add(token_kind::op, at_, source_.substr(at_, 2));
            at_ += 2;
            return;
        }
        const char c = source_[at_];
        if (std::string_view("+-*/%~[](){}<>=.:|,;").find(c) == std::string_view::npos)
            fail(at_, "an expression", "'" + escaped(source_.substr(at_, 1)) + "'");
        if (c == '(' || c == '[' || c == '{') open += c == '(' ? ')' : c == '[' ? ']' : '}';
        if (c == ')' || c == ']' || c == '}') {
            if (open.empty() || open.back() != c)
                fail(at_, open.empty() ? std::string("an expression") : "'" + std::string(1, open.back()) + "'",
                     "'" + std::string(1, c) + "'");
            open.pop_back();
        }
        add(token_kind::op, at_, source_.substr(at_, 1));
        ++at_;
    }

    void string_literal() {
        const std::size_t start = at_;
        const char quote = source_[at_++];
        bool plain = true;
        while (at_ < source_.size() && source_[at_] != quote) {
            if (source_[at_] == '\\') {
                plain = false;
                ++at_;
            }
            ++at_;
        }
        if (at_ >= source_.size())
            fail(start, std::string("the end of the string, ") + quote, "the end of the template");
        const std::string_view body = source_.substr(start + 1, at_ - start - 1);
        ++at_;
        add(token_kind::string, start,
            plain ? body : std::string_view(strings_.make(unescaped_literal(source_, start + 1, at_ - 1))));
    }

    std::string_view source_;
    heap& strings_;
    std::vector<lexeme> tokens_;
    std::size_t at_ = 0;
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
