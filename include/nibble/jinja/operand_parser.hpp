// SPDX-License-Identifier: Apache-2.0
// Tokens to operands: literals, names, displays, and what follows them without an operator.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/ast.hpp>
#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/token_stream.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// Recursive descent. Its recursion is bounded by limits::nesting; chains of filters and subscripts are loops.
class operand_parser : protected token_stream {
protected:
    using token_stream::token_stream;
    ~operand_parser() = default;

    /// `a if b else c` and everything below it.
    virtual ast::expr expression(bool with_conditional = true) = 0;
    /// An expression, or a tuple without parentheses; `end_word` may follow it instead of the end of the tag.
    virtual ast::expr tuple_or_expression(bool with_conditional = true, std::string_view end_word = {}) = 0;

    /// An operand with its signs, subscripts, calls and, if wanted, filters and tests.
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

private:
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
                    std::string& all = tree_.objects.make(std::string(joined));
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
        std::string& name = tree_.objects.make(std::string(first));
        while (accept_op(".")) name.append(1, '.').append(expect_name(what).text);
        return text::borrowed(name);
    }
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
