// SPDX-License-Identifier: Apache-2.0
// Expressions to values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/jinja/arithmetic.hpp>
#include <nibble/jinja/ast.hpp>
#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/heap.hpp>
#include <nibble/jinja/library/filters.hpp>
#include <nibble/jinja/library/functions.hpp>
#include <nibble/jinja/library/methods.hpp>
#include <nibble/jinja/library/tests.hpp>
#include <nibble/jinja/lookup.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/runtime.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// The variables of one block of the template; those of the blocks around it are in `parent`.
struct scope {
    scope* parent = nullptr;
    std::vector<std::pair<ast::symbol, value>> variables;
    bool captured = false;  ///< a macro refers to it: it stays until the rendering ends

    [[nodiscard]] value* find(ast::symbol name) noexcept {
        for (auto& [held_name, held] : variables)
            if (held_name == name) return &held;
        return nullptr;
    }
    void set(ast::symbol name, value v) {
        if (value* held = find(name)) {
            *held = std::move(v);
        } else {
            variables.emplace_back(name, std::move(v));
        }
    }
};

/// Evaluates expressions in the current scope. The recursion is bounded by limits::depth.
class evaluator {
protected:
    /// `globals` holds, for each symbol of the tree, what it means where no scope knows it.
    evaluator(runtime& rt, const ast::syntax_tree& tree, std::vector<value> globals)
        : rt_(rt), tree_(tree), globals_(std::move(globals)) {}
    ~evaluator() = default;

    [[nodiscard]] value evaluate(ast::expr e) {
        const runtime::level nested(rt_);
        rt_.spend();
        rt_.at(e->offset);
        return dispatch(ast::expression_nodes{}, *e);
    }

    // ---- scopes

    scope& enter(scope* parent) {
        rt_.spend();
        if (!free_) free_ = &scopes_.make(scope{});
        current_ = std::exchange(free_, free_->parent);
        current_->parent = parent;
        return *current_;
    }
    /// Back to `outer` from the current scope.
    void leave(scope* outer) {
        if (!current_->captured) {
            current_->variables.clear();
            current_->parent = std::exchange(free_, current_);
        }
        current_ = outer;
    }
    /// A macro defined here and now.
    [[nodiscard]] value define(const ast::macro_definition& macro) {
        for (scope* s = current_; s && !s->captured; s = s->parent) s->captured = true;
        return rt_.make_callable({tree_.symbols[macro.name], nullptr, {}, &macro, current_});
    }
    [[nodiscard]] value lookup(ast::symbol name) {
        for (scope* s = current_; s; s = s->parent) {
            rt_.spend(s->variables.size() / 64);
            if (const value* held = s->find(name)) return *held;
        }
        return globals_[name];
    }
    /// Sets a variable of the current scope.
    void set(ast::symbol name, value v) {
        rt_.spend(current_->variables.size() / 64);
        current_->set(name, std::move(v));
    }

    // ---- calls

    /// `caller`: what a {% call %} block passes, or null.
    [[nodiscard]] value evaluate_call(const ast::call& node, std::size_t offset, const value* caller) {
        call_arguments args;
        if (const auto* member = ast::get_if<ast::attribute>(node.callee)) {
            const value object = evaluate(member->object);
            rt_.at(node.callee->offset);
            rt_.require_defined(object);
            if (const builtin_entry* method = find_method(object, member->name.view())) {
                args = evaluate(node.arguments, caller);
                rt_.at(offset);
                return method->function(rt_, object, args);
            }
            const value callee = get_attribute(rt_, object, member->name);
            args = evaluate(node.arguments, caller);
            rt_.at(offset);
            return apply(callee, args);
        }
        const value callee = evaluate(node.callee);
        args = evaluate(node.arguments, caller);
        rt_.at(offset);
        return apply(callee, args);
    }
    /// Runs a macro; what it writes is the result.
    virtual value call_macro(const callable& macro, const call_arguments& args) = 0;

    runtime& rt_;
    const ast::syntax_tree& tree_;
    scope* current_ = nullptr;
    value piped_;  ///< the text of the block whose filters are being applied

private:
    template <class... Nodes>
    value dispatch(ast::node_list<Nodes...>, const ast::node& e) {
        static constexpr value (evaluator::*handlers[])(const ast::node&) = {&evaluator::handle<Nodes>...};
        return (this->*handlers[e.tag])(e);
    }
    template <class Node>
    value handle(const ast::node& e) {
        return evaluate(static_cast<const ast::node_of<Node>&>(e).content, e.offset);
    }

    value apply(const value& callee, const call_arguments& args) {
        switch (callee.type()) {
            case kind::callable: {
                const callable& c = callee.function();
                return c.macro ? call_macro(c, args) : c.function(rt_, c.self, args);
            }
            case kind::joiner: {
                bind_nothing(rt_, args, "joiner");
                joiner& j = callee.join();
                return std::exchange(j.used, true) ? j.separator : text{};
            }
            case kind::undefined:
                if (callee.missing().why == undefined::reason::date) return text{};
                rt_.undefined_error(callee);
            case kind::loop: rt_.fail(errc::tmpl_unsupported, "recursive loops are not supported");
            default: rt_.type_error(std::string("'") + type_name(callee) + "' object is not callable");
        }
    }
    call_arguments evaluate(const ast::argument_list& list, const value* caller = nullptr) {
        call_arguments args;
        args.positional.reserve(list.positional.size());
        for (const ast::expr e : list.positional) args.positional.push_back(evaluate(e));
        for (const auto& [name, e] : list.keyword) args.keyword.emplace_back(name, evaluate(e));
        if (list.star) {
            const value starred = evaluate(list.star);
            const auto& more = iterate(rt_, starred);
            rt_.spend(more.size());
            args.positional.insert(args.positional.end(), more.begin(), more.end());
        }
        if (list.double_star) {
            const value more = evaluate(list.double_star);
            if (!more.is_mapping()) rt_.type_error("the argument after ** must be a mapping");
            for (const auto& [key, held] : more.map().entries) {
                rt_.spend();
                if (!key.is_string()) rt_.type_error("keywords must be strings");
                args.keyword.emplace_back(key.as_text(), held);
            }
        }
        if (caller) args.keyword.emplace_back(text::borrowed("caller"), *caller);
        return args;
    }
    std::vector<value> evaluate(const std::vector<ast::expr>& list) {
        std::vector<value> values;
        values.reserve(list.size());
        for (const ast::expr e : list) values.push_back(evaluate(e));
        return values;
    }

    // ---- one kind of expression each

    value evaluate(const ast::literal& node, std::size_t) { return node.constant; }
    value evaluate(const ast::variable& node, std::size_t) { return lookup(node.name); }
    value evaluate(const ast::list_display& node, std::size_t) { return rt_.list(evaluate(node.items)); }
    value evaluate(const ast::tuple_display& node, std::size_t) { return rt_.tuple(evaluate(node.items)); }
    value evaluate(const ast::dict_display& node, std::size_t offset) {
        std::vector<mapping::entry> entries;
        entries.reserve(node.items.size());
        for (const auto& [key, held] : node.items) {
            value k = evaluate(key);
            entries.push_back({std::move(k), evaluate(held)});
        }
        rt_.at(offset);
        return rt_.dict(std::move(entries));
    }
    value evaluate(const ast::attribute& node, std::size_t offset) {
        const value object = evaluate(node.object);
        rt_.at(offset);
        return get_attribute(rt_, object, node.name);
    }
    value evaluate(const ast::subscript& node, std::size_t offset) {
        const value object = evaluate(node.object);
        const value index = evaluate(node.index);
        rt_.at(offset);
        return get_item(rt_, object, index);
    }
    value evaluate(const ast::slice& node, std::size_t offset) {
        const auto bound = [&](ast::expr e) { return e ? evaluate(e) : value(none{}); };
        const value object = evaluate(node.object);
        const value start = bound(node.start), stop = bound(node.stop), step = bound(node.step);
        rt_.at(offset);
        return get_slice(rt_, object, start, stop, step);
    }
    value evaluate(const ast::call& node, std::size_t offset) { return evaluate_call(node, offset, nullptr); }
    value evaluate(const ast::filter& node, std::size_t offset) {
        const value input = node.input ? evaluate(node.input) : piped_;
        const call_arguments args = evaluate(node.arguments);
        rt_.at(offset);
        if (!node.entry) rt_.fail(errc::tmpl_unsupported, "no filter named '" + escaped(node.name.view()) + "'");
        return node.entry->function(rt_, input, args);
    }
    value evaluate(const ast::test& node, std::size_t offset) {
        const value input = evaluate(node.input);
        const call_arguments args = evaluate(node.arguments);
        rt_.at(offset);
        if (!node.entry) rt_.fail(errc::tmpl_unsupported, "no test named '" + escaped(node.name.view()) + "'");
        return node.entry->function(rt_, input, args);
    }
    value evaluate(const ast::negation& node, std::size_t offset) {
        const value operand = evaluate(node.operand);
        rt_.at(offset);
        rt_.require_defined(operand);
        if (operand.type() == kind::number) return node.minus ? -operand.number() : operand.number();
        if (!operand.is_number())
            rt_.type_error(std::string("bad operand type for unary -: '") + type_name(operand) + "'");
        if (node.minus) return negated(operand);
        return operand.is_integer() ? value(operand.integer()) : operand;
    }
    value evaluate(const ast::logical_not& node, std::size_t) { return !truth(evaluate(node.operand)); }
    value evaluate(const ast::logical_chain& node, std::size_t) {
        value last;
        for (const ast::expr e : node.operands) {
            last = evaluate(e);
            if (truth(last) != node.is_and) break;
        }
        return last;
    }
    value evaluate(const ast::comparison& node, std::size_t offset) {
        value left = evaluate(node.first);
        for (const auto& [op, e] : node.rest) {
            value right = evaluate(e);
            rt_.at(offset);
            if (!compare(rt_, op, left, right)) return false;
            left = std::move(right);
        }
        return true;
    }
    value evaluate(const ast::arithmetic& node, std::size_t offset) {
        value left = evaluate(node.first);
        for (const auto& [op, e] : node.rest) {
            const value right = evaluate(e);
            rt_.at(offset);
            left = calculate(rt_, op, left, right);
        }
        return left;
    }
    value evaluate(const ast::concatenation& node, std::size_t) {
        std::string out;
        for (const ast::expr e : node.parts) append_text(rt_, out, evaluate(e));
        return text::owned(std::move(out));
    }
    value evaluate(const ast::conditional& node, std::size_t) {
        if (truth(evaluate(node.condition))) return evaluate(node.chosen);
        if (node.otherwise) return evaluate(node.otherwise);
        return missing_note("the inline if-expression evaluated to false and has no else");
    }

    std::vector<value> globals_;
    heap scopes_;
    scope* free_ = nullptr;  // the first of those to be used again; each has the next one as its parent
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
