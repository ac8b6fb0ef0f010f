// SPDX-License-Identifier: Apache-2.0
// The tokens of a template as a parser takes them, and the nodes that it makes of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/core/name_index.hpp>
#include <nibble/jinja/ast.hpp>
#include <nibble/jinja/lexer.hpp>
#include <nibble/jinja/limits.hpp>
#include <nibble/jinja/place.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// What every part of the parser shares: the current token, the tree, the count of nesting.
class token_stream {
protected:
    token_stream(ast::syntax_tree& tree, const limits& bounds)
        : tree_(tree), bounds_(bounds), tokens_(lexer(tree.source, tree.objects).run()) {}
    ~token_stream() = default;

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
        syntax_error(tree_.source, token.offset, std::move(expected), std::move(got));
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
        explicit level(token_stream& parser) : parser_(parser) {
            if (parser.depth_ >= parser.bounds_.nesting)
                throw error(errc::tmpl_too_deep, place(parser.tree_.source, parser.current().offset),
                            "at most " + std::to_string(parser.bounds_.nesting) + " levels of nesting");
            ++parser.depth_;
        }
        ~level() { --parser_.depth_; }
        level(const level&) = delete;
        level& operator=(const level&) = delete;

    private:
        token_stream& parser_;
    };

    // ---- nodes

    template <class Content>
    ast::expr make(const lexeme& token, Content content) {
        return tree_.add<ast::expression_nodes>(token.offset, std::move(content));
    }
    ast::symbol intern(std::string_view name) {
        const auto [found, added] = symbols_.emplace(name, tree_.symbols.size());
        if (added) tree_.symbols.push_back(name);
        return static_cast<ast::symbol>(found->second);
    }

    ast::syntax_tree& tree_;
    const limits& bounds_;

private:
    std::size_t depth_ = 0;
    std::vector<lexeme> tokens_;
    std::size_t next_ = 0;
    name_index symbols_;
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
