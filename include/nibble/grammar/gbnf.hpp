// SPDX-License-Identifier: Apache-2.0
// Reads a grammar in GBNF, the notation of llama.cpp: rules, alternatives, groups, classes, repetition, comments.
//
//     root  ::= "- " item+            # a rule; "root" is where the text starts
//     item  ::= [^\n]{1,80} "\n"      # any but a newline, 1 to 80 times
//
// A rule ends with its line, except inside parentheses and after '|'. Escapes in literals and classes: \n \r \t
// \xHH \uHHHH \UHHHHHHHH, and a backslash before punctuation. All characters are Unicode code points.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/name_index.hpp>
#include <nibble/grammar/code_points.hpp>
#include <nibble/grammar/gbnf_reader.hpp>
#include <nibble/grammar/syntax.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

class gbnf_parser : gbnf_reader {
public:
    gbnf_parser(std::string_view text, const grammar_limits& limits) : gbnf_reader(text, limits) {}

    grammar_syntax parse(std::string_view root) {
        if (text_.size() > limits_.max_text_bytes) limit("text", limits_.max_text_bytes, "bytes");
        for (skip_space(true); position_ < text_.size(); skip_space(true)) rule();
        const auto found = rule_of_.find(root);
        if (found == rule_of_.end() || !places_[found->second].defined) {
            throw error(errc::grammar_syntax, "grammar", "a rule '" + escaped(root) + "'", "none of that name");
        }
        for (std::size_t i = 0; i < places_.size(); ++i) {
            if (!places_[i].defined)
                fail_at(places_[i].first_use, "a definition of rule '" + out_.rules[i].name + "'", "none");
        }
        out_.root = static_cast<std::uint32_t>(found->second);
        return std::move(out_);
    }

private:
    using kind = grammar_node::kind;
    struct place {
        std::size_t first_use;
        bool defined;
    };

    // ---- rules and expressions; the depth of the recursion is bounded by limits_.max_depth

    void rule() {
        const std::size_t start = position_;
        const std::string_view name = word();
        if (name.empty())
            fail(peek() == '|' ? "a rule name (an alternative on a new line needs parentheses)" : "a rule name");
        skip_space(false);
        if (text_.substr(position_, 3) != "::=") fail("'::=' after rule '" + std::string{name} + "'");
        position_ += 3;
        skip_space(true);
        const std::uint32_t index = rule_index(name, start);
        if (places_[index].defined)
            fail_at(start, "each rule once", "a second definition of '" + std::string{name} + "'");
        const std::uint32_t body = choice(1, false);
        out_.rules[index].body = body;
        places_[index].defined = true;
        if (position_ < text_.size() && peek() != '\n' && peek() != '\r') fail("an expression or the end of the line");
    }

    std::uint32_t choice(std::size_t depth, bool nested) {
        std::vector<std::uint32_t> alternatives{sequence(depth, nested)};
        while (peek() == '|') {
            ++position_;
            skip_space(true);
            alternatives.push_back(sequence(depth, nested));
        }
        return join(kind::choice, alternatives);
    }

    std::uint32_t sequence(std::size_t depth, bool nested) {
        std::vector<std::uint32_t> items;
        while (auto item = primary(depth)) {
            skip_space(nested);
            while (const auto times = repetition()) {
                item = add({kind::repeat, *item, 0, times->first, times->second, out_.nodes[*item].height + 1});
                skip_space(nested);
            }
            items.push_back(*item);
        }
        return items.empty() ? add({}) : join(kind::sequence, items);
    }

    std::optional<std::uint32_t> primary(std::size_t depth) {
        switch (peek()) {
            case '"': return literal();
            case '[': return character_class();
            case '.': ++position_; return characters({{0, last_code_point}});
            case '(': return group(depth);
            case '<':
            case '!': fail("a literal in quotes (token terminals are not supported)");
            case '*':
            case '+':
            case '?':
            case '{': fail("something to repeat before it");
            default: break;
        }
        const std::size_t start = position_;
        const std::string_view name = word();
        if (name.empty()) return std::nullopt;
        return add({kind::reference, rule_index(name, start)});
    }

    std::uint32_t group(std::size_t depth) {
        if (depth >= limits_.max_depth) too_deep();
        ++position_;
        skip_space(true);
        const std::uint32_t inner = choice(depth + 1, true);
        if (peek() != ')') fail("')'");
        ++position_;
        return inner;
    }

    // ---- terminals

    std::uint32_t literal() {
        const std::size_t start = position_++;
        const auto begin = out_.text.size();
        while (peek() != '"') {
            if (position_ >= text_.size() || peek() == '\n') fail_at(start, "a closing '\"'", "the end of the line");
            append_utf8(out_.text, code_point());
        }
        ++position_;
        return add({kind::literal, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(out_.text.size())});
    }

    std::uint32_t character_class() {
        const std::size_t start = position_++;
        const bool negated = peek() == '^';
        if (negated) ++position_;
        std::vector<code_point_range> ranges;
        while (peek() != ']') {
            if (position_ >= text_.size() || peek() == '\n') fail_at(start, "a closing ']'", "the end of the line");
            const std::size_t first_at = position_;
            const char32_t first = code_point();
            char32_t last = first;
            if (peek() == '-' && position_ + 1 < text_.size() && text_[position_ + 1] != ']') {
                ++position_;
                last = code_point();
                if (last < first)
                    fail_at(first_at, "a range in ascending order",
                            escaped(text_.substr(first_at, position_ - first_at)));
            }
            ranges.push_back({first, last});
        }
        ++position_;
        ranges = negated ? complement(std::move(ranges)) : normalised(std::move(ranges));
        if (ranges.empty()) fail_at(start, "a class with at least one character", "none");
        return characters(ranges);
    }

    // ---- repetition

    std::optional<std::pair<std::uint32_t, std::uint32_t>> repetition() {
        constexpr auto unbounded = grammar_node::unbounded;
        switch (peek()) {
            case '*': ++position_; return std::pair{0u, unbounded};
            case '+': ++position_; return std::pair{1u, unbounded};
            case '?': ++position_; return std::pair{0u, 1u};
            case '{': break;
            default: return std::nullopt;
        }
        const std::size_t start = position_++;
        const std::uint32_t at_least = number();
        std::uint32_t at_most = at_least;
        skip_space(false);
        if (peek() == ',') {
            ++position_;
            skip_space(false);
            at_most = peek() == '}' ? unbounded : number();
            skip_space(false);
        }
        if (peek() != '}') fail("'}'");
        ++position_;
        if (at_most < at_least) fail_at(start, "{m,n} with m <= n", escaped(text_.substr(start, position_ - start)));
        return std::pair{at_least, at_most};
    }

    // ---- nodes

    std::uint32_t add(const grammar_node& node) {
        if (node.height > limits_.max_depth) too_deep();
        out_.nodes.push_back(node);  // each node takes at least one byte of text, so the index fits
        return static_cast<std::uint32_t>(out_.nodes.size() - 1);
    }

    std::uint32_t characters(const std::vector<code_point_range>& ranges) {
        const auto begin = out_.ranges.size();
        for (const auto& range : normalised(ranges)) out_.ranges.push_back(range);
        return add(
            {kind::characters, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(out_.ranges.size())});
    }

    std::uint32_t join(kind type, const std::vector<std::uint32_t>& parts) {
        if (parts.size() == 1) return parts.front();
        const auto begin = out_.children.size();
        std::uint32_t height = 0;
        for (const std::uint32_t part : parts) {
            out_.children.push_back(part);
            height = std::max(height, out_.nodes[part].height);
        }
        return add({type, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(out_.children.size()), 0, 0,
                    height + 1});
    }

    std::uint32_t rule_index(std::string_view name, std::size_t at) {
        const auto [entry, is_new] = rule_of_.emplace(name, out_.rules.size());
        if (is_new) {
            if (out_.rules.size() >= limits_.max_rules) limit("grammar", limits_.max_rules, "rules");
            out_.rules.push_back({std::string{name}});
            places_.push_back({at, false});
        }
        return static_cast<std::uint32_t>(entry->second);
    }

    grammar_syntax out_;
    name_index rule_of_;
    std::vector<place> places_;
};

}  // namespace detail

/// Parses GBNF. Throws errc::grammar_syntax with line and column (undefined and doubly defined rules included),
/// errc::grammar_too_deep or errc::grammar_limit.
[[nodiscard]] inline grammar_syntax parse_gbnf(std::string_view text, std::string_view root = "root",
                                               const grammar_limits& limits = {}) {
    return detail::gbnf_parser{text, limits}.parse(root);
}

NIBBLE_NAMESPACE_END
