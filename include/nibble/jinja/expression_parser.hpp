// SPDX-License-Identifier: Apache-2.0
// Tokens to expressions, with the precedences of Jinja2.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/jinja/ast.hpp>
#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/lexer.hpp>
#include <nibble/jinja/limits.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// Recursive descent over expressions. Its recursion is bounded by limits::nesting; chains of operators, filters and
/// subscripts are loops.
class expression_parser {
protected:
    expression_parser(ast::syntax_tree& tree, const limits& bounds)
        : tree_(tree), bounds_(bounds), tokens_(lexer(tree.source, tree.strings).run()) {}

    // ---- tokens

    [[nodiscard]] const lexeme& current() const noexcept { return tokens_[next_]; }
    [[nodiscard]] const lexeme& following() const noexcept { return tokens_[std::min(next_ + 1, tokens_.size() - 1)]; }
    const lexeme& take() noexcept {
        const lexeme& token = tokens_[next_];
        if (token.kind != token_kind::end) ++next_;
        return token;
    }
    [[nodiscard]] static bool is_op(const lexeme& token, std::string_view op) noexcept {
        return token.kind == token_kind::op && token.text == op;
    }
    [[nodiscard]] static bool is_name(const lexeme& token, std::string_view name) noexcept {
        return token.kind == token_kind::name && token.text == name;
    }
    bool accept_op(std::string_view op) noexcept { return is_op(current(), op) && (take(), true); }
    bool accept_name(std::string_view name) noexcept { return is_name(current(), name) && (take(), true); }
    void expect_op(std::string_view op) {
        if (!accept_op(op)) fail("'" + std::string(op) + "'");
    }
    const lexeme& expect_name(std::string_view what = "a name") {
        if (current().kind != token_kind::name) fail(std::string(what));
        return take();
    }

    [[noreturn]] void fail(std::string expected) const { fail_at(current(), std::move(expected), describe(current())); }
    [[noreturn]] void fail_at(const lexeme& token, std::string expected, std::string got) const {
        throw error(errc::tmpl_syntax, place(tree_.source, token.offset), std::move(expected), std::move(got));
    }
    [[nodiscard]] static std::string describe(const lexeme& token) {
        switch (token.kind) {
            case token_kind::end: return "the end of the template";
            case token_kind::variable_end: return "'}}'";
            case token_kind::block_end: return "'%}'";
            case token_kind::string: return "the string '" + escaped(token.text, 32) + "'";
            default: return "'" + escaped(token.text, 32) + "'";
        }
    }

    /// Counts one level of nesting for as long as it lives.
    class level {
    public:
        explicit level(expression_parser& parser) : parser_(parser) {
            if (parser.depth_ >= parser.bounds_.nesting)
                throw error(errc::tmpl_too_deep, place(parser.tree_.source, parser.current().offset),
                            "at most " + std::to_string(parser.bounds_.nesting) + " levels of nesting");
            ++parser.depth_;
        }
        ~level() { --parser_.depth_; }
        level(const level&) = delete;
        level& operator=(const level&) = delete;

    private:
        expression_parser& parser_;
    };

    // ---- nodes

    template <class Content>
    ast::expr make(const lexeme& token, Content content) {
        return tree_.add<ast::expression_nodes>(token.offset, std::move(content));
    }
    ast::symbol intern(std::string_view name) {
        const auto [found, added] = symbols_.try_emplace(name, static_cast<ast::symbol>(tree_.symbols.size()));
        if (added) tree_.symbols.push_back(name);
        return found->second;
    }

    // ---- expressions

    /// `a if b else c` and everything below it.
    ast::expr expression(bool with_conditional = true) {
        const lexeme& start = current();
        ast::expr result = binary(precedence_or);
        while (with_conditional && is_name(current(), "if")) {
            take();
            const ast::expr condition = binary(precedence_or);
            ast::expr otherwise = nullptr;
            if (accept_name("else")) {
                const level nested(*this);
                otherwise = expression();
            }
            result = make(start, ast::conditional{condition, result, otherwise});
        }
        return result;
    }

    /// An expression, or a tuple without parentheses; `end_word` may follow it instead of the end of the tag.
    ast::expr tuple_or_expression(bool with_conditional = true, std::string_view end_word = {}) {
        const lexeme& start = current();
        if (at_tuple_end(end_word)) fail("an expression");
        std::vector<ast::expr> items{expression(with_conditional)};
        if (!is_op(current(), ",")) return items.front();
        while (accept_op(",") && !at_tuple_end(end_word)) items.push_back(expression(with_conditional));
        return make(start, ast::tuple_display{std::move(items)});
    }

    ast::argument_list arguments() {
        ast::argument_list list;
        expect_op("(");
        while (!is_op(current(), ")")) {
            if (is_op(current(), "*")) {
                if (list.star || list.double_star) fail("one argument with '*'");
                take();
                list.star = expression();
            } else if (is_op(current(), "**")) {
                if (list.double_star) fail("one argument with '**'");
                take();
                list.double_star = expression();
            } else if (current().kind == token_kind::name && is_op(following(), "=")) {
                const text name = text::borrowed(take().text);
                take();
                list.keyword.emplace_back(name, expression());
            } else {
                if (!list.keyword.empty() || list.star || list.double_star) fail("a keyword argument");
                list.positional.push_back(expression());
            }
            if (!accept_op(",")) break;
        }
        expect_op(")");
        return list;
    }

    /// `|name(...)|name ...` applied to `input`; `name_first`: the first bar is left out, as in {% filter %}.
    ast::expr filters(ast::expr input, bool name_first = false) {
        while (name_first || accept_op("|")) {
            name_first = false;
            const lexeme& start = current();
            const text name = dotted_name("the name of a filter");
            ast::argument_list args;
            if (is_op(current(), "(")) args = arguments();
            input = make(start, ast::filter{input, name, find_filter(name.view()), std::move(args)});
        }
        return input;
    }

    /// Names that the body of a macro uses in a special way; one level for each macro around.
    struct special_names {
        bool varargs = false, kwargs = false, caller = false;
    };
    std::vector<special_names> macros_;

    ast::syntax_tree& tree_;
    const limits& bounds_;
    std::size_t depth_ = 0;

private:
    enum precedence : int {
        precedence_or = 1,
        precedence_and,
        precedence_not,
        precedence_comparison,
        precedence_sum,
        precedence_concatenation,
        precedence_product,
        precedence_power,
        precedence_none = 0
    };

    [[nodiscard]] bool at_tuple_end(std::string_view end_word) const noexcept {
        const lexeme& token = current();
        return token.kind == token_kind::variable_end || token.kind == token_kind::block_end || is_op(token, ")") ||
               (!end_word.empty() && is_name(token, end_word));
    }

    // The precedence of the operator that comes next; precedence_none where none does.
    [[nodiscard]] int next_operator() const noexcept {
        const lexeme& token = current();
        if (token.kind == token_kind::name) {
            if (token.text == "or") return precedence_or;
            if (token.text == "and") return precedence_and;
            if (token.text == "in" || (token.text == "not" && is_name(following(), "in"))) return precedence_comparison;
            return precedence_none;
        }
        if (token.kind != token_kind::op) return precedence_none;
        if (comparison_of(token.text)) return precedence_comparison;
        if (token.text == "~") return precedence_concatenation;
        const auto op = arithmetic_of(token.text);
        if (!op) return precedence_none;
        if (*op == ast::arithmetic_op::power) return precedence_power;
        return *op <= ast::arithmetic_op::subtract ? precedence_sum : precedence_product;
    }
    [[nodiscard]] static std::optional<ast::comparison_op> comparison_of(std::string_view op) noexcept {
        using enum ast::comparison_op;
        static constexpr std::pair<std::string_view, ast::comparison_op> table[] = {
            {"==", equal}, {"!=", unequal}, {"<", less}, {"<=", less_equal}, {">", greater}, {">=", greater_equal}};
        for (const auto& [word, result] : table)
            if (word == op) return result;
        return std::nullopt;
    }
    [[nodiscard]] static std::optional<ast::arithmetic_op> arithmetic_of(std::string_view op) noexcept {
        using enum ast::arithmetic_op;
        static constexpr std::pair<std::string_view, ast::arithmetic_op> table[] = {
            {"+", add},           {"-", subtract}, {"*", multiply}, {"/", divide},
            {"//", floor_divide}, {"%", modulo},   {"**", power}};
        for (const auto& [word, result] : table)
            if (word == op) return result;
        return std::nullopt;
    }

    /// Operators that bind at least as tightly as `least`. All of one precedence become one node.
    ast::expr binary(int least) {
        ast::expr left = nullptr;
        if (is_name(current(), "not") && least <= precedence_not) {
            const level nested(*this);
            const lexeme& start = take();
            left = make(start, ast::logical_not{binary(precedence_not)});
        } else {
            left = unary(true);
        }
        while (true) {
            const int found = next_operator();
            if (found == precedence_none || found < least) return left;
            left = chain(left, found);
        }
    }
    ast::expr chain(ast::expr left, int found) {
        const lexeme& start = current();
        switch (found) {
            case precedence_or:
            case precedence_and: {
                std::vector<ast::expr> operands{left};
                while (next_operator() == found) {
                    take();
                    operands.push_back(binary(found + 1));
                }
                return make(start, ast::logical_chain{found == precedence_and, std::move(operands)});
            }
            case precedence_comparison: {
                ast::comparison node{left, {}};
                while (next_operator() == found) {
                    const ast::comparison_op op = take_comparison();
                    node.rest.emplace_back(op, binary(found + 1));
                }
                return make(start, std::move(node));
            }
            case precedence_concatenation: {
                std::vector<ast::expr> parts{left};
                while (accept_op("~")) parts.push_back(binary(found + 1));
                return make(start, ast::concatenation{std::move(parts)});
            }
            default: {
                ast::arithmetic node{left, {}};
                while (next_operator() == found) {
                    const ast::arithmetic_op op = *arithmetic_of(take().text);
                    node.rest.emplace_back(op, binary(found + 1));
                }
                return make(start, std::move(node));
            }
        }
    }
    ast::comparison_op take_comparison() noexcept {
        const lexeme& token = take();
        if (token.text == "in") return ast::comparison_op::in;
        if (token.text == "not") return take(), ast::comparison_op::not_in;
        return *comparison_of(token.text);
    }

    ast::expr unary(bool with_filters) {
        const level nested(*this);
        const lexeme& start = current();
        ast::expr result = nullptr;
        if (is_op(start, "-") || is_op(start, "+")) {
            take();
            result = make(start, ast::negation{unary(false), start.text == "-"});
        } else {
            result = primary();
        }
        result = postfix(result);
        while (with_filters) {
            if (is_op(current(), "|")) {
                result = filters(result);
            } else if (is_name(current(), "is")) {
                result = test(result);
            } else if (is_op(current(), "(")) {
                result = call(result);
            } else {
                break;
            }
        }
        return result;
    }

    ast::expr primary() {
        const lexeme& token = current();
        switch (token.kind) {
            case token_kind::name: {
                take();
                if (token.text == "true" || token.text == "True") return make(token, ast::literal{true});
                if (token.text == "false" || token.text == "False") return make(token, ast::literal{false});
                if (token.text == "none" || token.text == "None") return make(token, ast::literal{none{}});
                for (special_names& used : macros_) {
                    used.varargs |= token.text == "varargs";
                    used.kwargs |= token.text == "kwargs";
                    used.caller |= token.text == "caller";
                }
                return make(token, ast::variable{intern(token.text)});
            }
            case token_kind::string: {
                std::string_view joined = take().text;
                if (current().kind == token_kind::string) {
                    std::string& all = tree_.strings.emplace_back(joined);
                    while (current().kind == token_kind::string) all += take().text;
                    joined = all;
                }
                return make(token, ast::literal{text::borrowed(joined)});
            }
            case token_kind::integer: return take(), make(token, ast::literal{token.integer});
            case token_kind::number: return take(), make(token, ast::literal{token.number});
            case token_kind::op:
                if (token.text == "(") return parenthesised();
                if (token.text == "[") return list();
                if (token.text == "{") return dict();
                [[fallthrough]];
            default: fail("an expression");
        }
    }
    ast::expr parenthesised() {
        const lexeme& start = take();
        if (accept_op(")")) return make(start, ast::tuple_display{});
        const ast::expr inside = tuple_or_expression();
        expect_op(")");
        return inside;
    }
    ast::expr list() {
        const lexeme& start = take();
        std::vector<ast::expr> items;
        while (!is_op(current(), "]")) {
            items.push_back(expression());
            if (!accept_op(",")) break;
        }
        expect_op("]");
        return make(start, ast::list_display{std::move(items)});
    }
    ast::expr dict() {
        const lexeme& start = take();
        std::vector<std::pair<ast::expr, ast::expr>> items;
        while (!is_op(current(), "}")) {
            const ast::expr key = expression();
            expect_op(":");
            items.emplace_back(key, expression());
            if (!accept_op(",")) break;
        }
        expect_op("}");
        return make(start, ast::dict_display{std::move(items)});
    }

    ast::expr postfix(ast::expr object) {
        while (true) {
            const lexeme& start = current();
            if (accept_op(".")) {
                if (current().kind == token_kind::integer) {
                    const lexeme& index = take();
                    object = make(start, ast::subscript{object, make(index, ast::literal{index.integer})});
                } else {
                    object =
                        make(start, ast::attribute{object, text::borrowed(expect_name("a name or a number").text)});
                }
            } else if (is_op(start, "[")) {
                object = subscript(object);
            } else if (is_op(start, "(")) {
                object = call(object);
            } else {
                return object;
            }
        }
    }
    ast::expr call(ast::expr callee) {
        const lexeme& start = current();
        return make(start, ast::call{callee, arguments()});
    }
    ast::expr subscript(ast::expr object) {
        const lexeme& start = take();
        ast::expr from = nullptr;
        if (!is_op(current(), ":")) {
            from = expression();
            if (is_op(current(), ",")) {  // x[a, b] looks up a tuple
                std::vector<ast::expr> items{from};
                while (accept_op(",")) items.push_back(expression());
                from = make(start, ast::tuple_display{std::move(items)});
            }
            if (accept_op("]")) return make(start, ast::subscript{object, from});
        }
        expect_op(":");
        const auto bound = [&]() -> ast::expr {
            return is_op(current(), ":") || is_op(current(), "]") ? nullptr : expression();
        };
        const ast::expr to = bound();
        const ast::expr step = accept_op(":") ? bound() : nullptr;
        expect_op("]");
        return make(start, ast::slice{object, from, to, step});
    }

    ast::expr test(ast::expr input) {
        take();
        const lexeme& start = current();
        const bool negated = accept_name("not");
        const text name = dotted_name("the name of a test");
        ast::argument_list args;
        if (is_op(current(), "(")) {
            args = arguments();
        } else if (begins_test_argument()) {
            if (is_name(current(), "is")) fail("an operator between two tests");
            args.positional.push_back(postfix(primary()));
        }
        const ast::expr result = make(start, ast::test{input, name, find_test(name.view()), std::move(args)});
        return negated ? make(start, ast::logical_not{result}) : result;
    }
    // `x is divisibleby 3`: an argument without parentheses.
    [[nodiscard]] bool begins_test_argument() const noexcept {
        const lexeme& token = current();
        switch (token.kind) {
            case token_kind::name: return token.text != "else" && token.text != "or" && token.text != "and";
            case token_kind::string:
            case token_kind::integer:
            case token_kind::number: return true;
            default: return is_op(token, "[") || is_op(token, "{");
        }
    }
    text dotted_name(std::string_view what) {
        const std::string_view first = expect_name(what).text;
        if (!is_op(current(), ".")) return text::borrowed(first);
        std::string& name = tree_.strings.emplace_back(first);
        while (accept_op(".")) name.append(1, '.').append(expect_name(what).text);
        return text::borrowed(name);
    }

    std::vector<lexeme> tokens_;
    std::size_t next_ = 0;
    std::map<std::string_view, ast::symbol> symbols_;
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
