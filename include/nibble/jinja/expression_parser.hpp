// SPDX-License-Identifier: Apache-2.0
// Tokens to expressions, with the precedences of Jinja2.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/ast.hpp>
#include <nibble/jinja/operand_parser.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// Recursive descent over operators. All of one precedence become one node.
class expression_parser : protected operand_parser {
protected:
    using operand_parser::operand_parser;
    ~expression_parser() = default;

    ast::expr expression(bool with_conditional = true) final {
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

    ast::expr tuple_or_expression(bool with_conditional = true, std::string_view end_word = {}) final {
        const lexeme& start = current();
        if (at_tuple_end(end_word)) fail("an expression");
        std::vector<ast::expr> items{expression(with_conditional)};
        if (!is_op(current(), ",")) return items.front();
        while (accept_op(",") && !at_tuple_end(end_word)) items.push_back(expression(with_conditional));
        return make(start, ast::tuple_display{std::move(items)});
    }

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
        const auto* op = arithmetic_of(token.text);
        if (!op) return precedence_none;
        if (*op == ast::arithmetic_op::power) return precedence_power;
        return *op <= ast::arithmetic_op::subtract ? precedence_sum : precedence_product;
    }
    [[nodiscard]] static const ast::comparison_op* comparison_of(std::string_view op) noexcept {
        using enum ast::comparison_op;
        static constexpr std::pair<std::string_view, ast::comparison_op> table[] = {
            {"==", equal}, {"!=", unequal}, {"<", less}, {"<=", less_equal}, {">", greater}, {">=", greater_equal}};
        for (const auto& [word, result] : table)
            if (word == op) return &result;
        return nullptr;
    }
    [[nodiscard]] static const ast::arithmetic_op* arithmetic_of(std::string_view op) noexcept {
        using enum ast::arithmetic_op;
        static constexpr std::pair<std::string_view, ast::arithmetic_op> table[] = {
            {"+", add},           {"-", subtract}, {"*", multiply}, {"/", divide},
            {"//", floor_divide}, {"%", modulo},   {"**", power}};
        for (const auto& [word, result] : table)
            if (word == op) return &result;
        return nullptr;
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
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
