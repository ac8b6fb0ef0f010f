// SPDX-License-Identifier: Apache-2.0
// A template's source to its syntax tree.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/jinja/expression_parser.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// Parses the statements of a template. Throws errc::tmpl_syntax, tmpl_too_deep, or tmpl_unsupported for what would
/// reach outside of the template (include, import, from, extends, block) and for recursive loops.
class parser : expression_parser {
public:
    /// Fills `tree`, whose source is normalised.
    parser(ast::syntax_tree& tree, const limits& bounds) : expression_parser(tree, bounds) {}

    void run() {
        for (const std::string_view name : ast::special_symbols) intern(name);
        tree_.body = statements({});
    }

private:
    /// Statements up to a tag with one of `ends`, whose name stays the current token; up to the end of the source
    /// where `ends` is empty.
    ast::block statements(std::initializer_list<std::string_view> ends) {
        const level nested(*this);
        ast::block body;
        while (true) {
            const lexeme& token = current();
            switch (token.kind) {
                case token_kind::data:
                    take();
                    body.push_back(made(token.offset, ast::data{token.text}));
                    break;
                case token_kind::variable_begin: {
                    take();
                    const lexeme& start = current();
                    const ast::expr shown = tuple_or_expression();
                    if (current().kind != token_kind::variable_end) fail("'}}'");
                    take();
                    body.push_back(made(start.offset, ast::output{shown}));
                    break;
                }
                case token_kind::block_begin: {
                    take();
                    for (const std::string_view end : ends)
                        if (is_name(current(), end)) return body;
                    body.push_back(statement());
                    end_of_tag();
                    break;
                }
                default:
                    if (ends.size() != 0) fail("{% " + std::string(*(ends.end() - 1)) + " %}");
                    return body;
            }
        }
    }
    void end_of_tag() {
        if (current().kind != token_kind::block_end) fail("'%}'");
        take();
    }
    /// The body of a statement: from the end of its tag to the one of `ends` that is then current.
    ast::block body_until(std::initializer_list<std::string_view> ends) {
        accept_op(":");
        end_of_tag();
        return statements(ends);
    }
    ast::block whole_body(std::string_view end) {
        ast::block body = body_until({end});
        take();
        return body;
    }

    template <class Content>
    const ast::node* made(std::uint32_t offset, Content content) {
        return tree_.add<ast::statement_nodes>(offset, std::move(content));
    }

    const ast::node* statement() {
        const lexeme& token = expect_name("a statement");
        const std::string_view name = token.text;
        const std::uint32_t at = token.offset;
        if (name == "if") return made(at, if_statement());
        if (name == "for") return made(at, for_statement());
        if (name == "set") return set_statement(token);
        if (name == "with") return made(at, with_statement());
        if (name == "macro") return made(at, macro_statement());
        if (name == "call") return made(at, call_block());
        if (name == "generation") return made(at, ast::scoped_block{whole_body("endgeneration")});
        if (name == "do") return made(at, ast::do_statement{tuple_or_expression()});
        if (name == "filter") {
            const ast::expr chain = filters(nullptr, true);
            return made(at, ast::filter_block{chain, whole_body("endfilter")});
        }
        if (name == "autoescape") {  // nothing is escaped in chat templates; the block is a scope
            if (!is_name(current(), "false") && !is_name(current(), "False")) unsupported(token);
            take();
            return made(at, ast::scoped_block{whole_body("endautoescape")});
        }
        if (name == "print") return made(at, print_statement());
        if (name == "break" || name == "continue") {
            if (loops_ == 0) fail_at(token, "a loop around", "'" + std::string(name) + "'");
            return name == "break" ? made(at, ast::break_statement{}) : made(at, ast::continue_statement{});
        }
        for (const std::string_view outside : {"include", "import", "from", "extends", "block", "trans", "debug"})
            if (name == outside) unsupported(token);
        fail_at(token, "a statement", describe(token));
    }
    [[noreturn]] void unsupported(const lexeme& token) const {
        throw error(errc::tmpl_unsupported, place(tree_.source, token.offset), {},
                    "the statement '" + std::string(token.text) + "' is not supported in chat templates");
    }

    ast::if_statement if_statement() {
        ast::if_statement node;
        bool more = true;
        while (more) {
            const ast::expr condition = tuple_or_expression(false);
            node.branches.push_back({condition, body_until({"elif", "else", "endif"})});
            const lexeme& next = take();
            more = next.text == "elif";
            if (next.text == "else") node.branches.push_back({nullptr, whole_body("endif")});
        }
        return node;
    }

    ast::for_statement for_statement() {
        ast::for_statement node;
        node.variables = targets(false);
        if (assigns(node.variables, ast::symbol_loop)) fail("another variable than 'loop'");
        if (!accept_name("in")) fail("'in'");
        node.items = tuple_or_expression(false, "recursive");
        node.condition = accept_name("if") ? expression() : nullptr;
        if (is_name(current(), "recursive"))
            throw error(errc::tmpl_unsupported, place(tree_.source, current().offset), {},
                        "recursive loops are not supported; a macro that calls itself does the same");
        ++loops_;
        node.body = body_until({"else", "endfor"});
        --loops_;
        if (take().text == "else") node.otherwise = whole_body("endfor");
        return node;
    }

    [[nodiscard]] static bool assigns(const ast::target& target, ast::symbol name) noexcept {
        return (!target.is_tuple && target.name == name) ||
               any_of(target.parts, [&](const ast::target& part) { return assigns(part, name); });
    }

    const ast::node* set_statement(const lexeme& token) {
        ast::target variables = targets(true);
        if (accept_op("=")) return made(token.offset, ast::set_statement{std::move(variables), tuple_or_expression()});
        const ast::expr chain = is_op(current(), "|") ? filters(nullptr) : nullptr;
        return made(token.offset, ast::set_block{std::move(variables), chain, whole_body("endset")});
    }

    ast::with_statement with_statement() {
        ast::with_statement node;
        while (current().kind != token_kind::block_end) {
            if (!node.bindings.empty()) expect_op(",");
            ast::target variable = one_target(false);
            expect_op("=");
            node.bindings.emplace_back(std::move(variable), expression());
        }
        node.body = whole_body("endwith");
        return node;
    }

    ast::scoped_block print_statement() {
        ast::scoped_block node;
        while (current().kind != token_kind::block_end) {
            if (!node.body.empty()) expect_op(",");
            const std::uint32_t offset = current().offset;
            node.body.push_back(made(offset, ast::output{expression()}));
        }
        return node;
    }

    ast::macro_statement macro_statement() {
        ast::macro_statement node;
        node.macro.name = intern(expect_name("the name of the macro").text);
        node.macro.parameters = parameters();
        macro_body(node.macro, "endmacro");
        return node;
    }
    ast::call_block call_block() {
        ast::call_block node;
        node.caller.name = intern("caller");
        if (is_op(current(), "(")) node.caller.parameters = parameters();
        const lexeme& start = current();
        node.called = expression();
        if (!ast::get_if<ast::call>(node.called)) fail_at(start, "a call", describe(start));
        macro_body(node.caller, "endcall");
        return node;
    }
    std::vector<ast::parameter> parameters() {
        std::vector<ast::parameter> list;
        expect_op("(");
        while (!is_op(current(), ")")) {
            if (!list.empty()) expect_op(",");
            const ast::symbol name = intern(expect_name("the name of a parameter").text);
            ast::expr default_value = nullptr;
            if (accept_op("=")) {
                default_value = expression();
            } else if (!list.empty() && list.back().default_value) {
                fail("a parameter with a default, as the one before has one");
            }
            list.push_back({name, default_value});
        }
        expect_op(")");
        return list;
    }
    void macro_body(ast::macro_definition& macro, std::string_view end) {
        macros_.emplace_back();
        const std::size_t loops_around = std::exchange(loops_, 0);
        macro.body = whole_body(end);
        loops_ = loops_around;
        macro.uses_varargs = macros_.back().varargs;
        macro.uses_kwargs = macros_.back().kwargs;
        macro.uses_caller = macros_.back().caller;
        macros_.pop_back();
    }

    /// One target, or several with commas between them.
    ast::target targets(bool with_attributes) {
        ast::target first = one_target(with_attributes);
        if (!is_op(current(), ",")) return first;
        ast::target all;
        all.is_tuple = true;
        all.parts.push_back(std::move(first));
        while (accept_op(","))
            if (is_op(current(), "(") || current().kind == token_kind::name) {
                if (is_name(current(), "in")) break;
                all.parts.push_back(one_target(with_attributes));
            }
        return all;
    }
    ast::target one_target(bool with_attributes) {
        const level nested(*this);
        if (accept_op("(")) {
            ast::target inner = targets(with_attributes);
            expect_op(")");
            return inner;
        }
        const lexeme& token = expect_name("a variable");
        for (const std::string_view constant : {"true", "false", "none", "True", "False", "None"})
            if (token.text == constant) fail_at(token, "a variable", describe(token));
        ast::target one;
        one.name = intern(token.text);
        if (with_attributes && accept_op(".")) {
            one.has_attribute = true;
            one.attribute = text::borrowed(expect_name("the name of an attribute").text);
        }
        return one;
    }

    std::size_t loops_ = 0;  // around the current statement, inside the current macro
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
