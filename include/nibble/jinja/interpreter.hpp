// SPDX-License-Identifier: Apache-2.0
// Statements: what a template does.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/jinja/evaluator.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// Runs a template once. Variables assigned inside of a loop, a macro, a with, a call, a filter, a generation or a set
/// block end with it; those inside of an if do not.
class interpreter final : evaluator {
public:
    interpreter(runtime& rt, const ast::syntax_tree& tree, std::vector<value> globals)
        : evaluator(rt, tree, std::move(globals)) {}

    [[nodiscard]] std::string run() {
        enter(nullptr);
        execute(tree_.body);
        return std::move(out_);
    }

private:
    /// How a block ended: at its end, or on the way to the end or the next turn of the loop around it.
    enum class flow { normal, break_loop, continue_loop };

    flow execute(const ast::block& body) {
        const runtime::level nested(rt_);
        for (const ast::node* s : body) {
            rt_.spend();
            rt_.at(s->offset);
            const flow f = dispatch(ast::statement_nodes{}, *s);
            if (f != flow::normal) return f;
        }
        return flow::normal;
    }
    template <class... Nodes>
    flow dispatch(ast::node_list<Nodes...>, const ast::node& s) {
        static constexpr flow (interpreter::*handlers[])(const ast::node&) = {&interpreter::handle<Nodes>...};
        return (this->*handlers[s.tag])(s);
    }
    template <class Node>
    flow handle(const ast::node& s) {
        return execute(static_cast<const ast::node_of<Node>&>(s).content);
    }
    flow execute_in_new_scope(const ast::block& body) {
        scope* const outer = current_;
        enter(outer);
        const flow f = execute(body);
        leave(outer);
        return f;
    }
    /// Runs `body` in a scope of its own; what it writes goes to `written`.
    flow capture(const ast::block& body, value& written) {
        std::string outside = std::exchange(out_, {});
        const flow f = execute_in_new_scope(body);
        written = text::owned(std::exchange(out_, std::move(outside)));
        return f;
    }
    [[nodiscard]] value filtered(ast::expr filters, value block_text) {
        if (!filters) return block_text;
        piped_ = std::move(block_text);
        return evaluator::evaluate(filters);
    }

    // ---- one kind of statement each

    flow execute(const ast::data& node) {
        rt_.append(out_, node.bytes);
        return flow::normal;
    }
    flow execute(const ast::output& node) {
        append_text(rt_, out_, evaluate(node.shown));
        return flow::normal;
    }
    flow execute(const ast::if_statement& node) {
        for (const ast::if_branch& branch : node.branches)
            if (!branch.condition || truth(evaluate(branch.condition))) return execute(branch.body);
        return flow::normal;
    }
    flow execute(const ast::for_statement& node) {
        const std::size_t offset = rt_.at();
        const value source = evaluate(node.items);
        rt_.at(offset);
        const std::vector<value>* items = &iterate(rt_, source);
        scope* const outer = current_;
        if (node.condition) items = &chosen(node, *items);
        if (items->empty()) return execute_in_new_scope(node.otherwise);

        loop_state* const loop = rt_.make_loop({items, 0, 0, {}, false});
        for (std::size_t i = 0; i < items->size(); ++i) {
            loop->index0 = i;
            enter(outer);
            set(ast::symbol_loop, loop);
            rt_.at(offset);
            assign(node.variables, (*items)[i]);
            const flow f = execute(node.body);
            leave(outer);
            if (f == flow::break_loop) break;
        }
        return flow::normal;
    }
    /// The items for which `for ... if condition` holds.
    const std::vector<value>& chosen(const ast::for_statement& node, const std::vector<value>& items) {
        std::vector<value> kept;
        scope* const outer = current_;
        for (const value& item : items) {
            enter(outer);
            assign(node.variables, item);
            if (truth(evaluate(node.condition))) kept.push_back(item);
            leave(outer);
        }
        return rt_.make_sequence(std::move(kept)).elements;
    }
    flow execute(const ast::set_statement& node) {
        const std::size_t offset = rt_.at();
        const value assigned = evaluate(node.assigned);
        rt_.at(offset);
        assign(node.variables, assigned);
        return flow::normal;
    }
    flow execute(const ast::set_block& node) {
        value written;
        if (const flow f = capture(node.body, written); f != flow::normal) return f;
        assign(node.variables, filtered(node.filters, std::move(written)));
        return flow::normal;
    }
    flow execute(const ast::with_statement& node) {
        scope* const outer = current_;
        std::vector<value> values;
        for (const auto& binding : node.bindings) values.push_back(evaluate(binding.second));
        enter(outer);
        for (std::size_t i = 0; i < values.size(); ++i) assign(node.bindings[i].first, values[i]);
        const flow f = execute(node.body);
        leave(outer);
        return f;
    }
    flow execute(const ast::macro_statement& node) {
        set(node.macro.name, define(node.macro));
        return flow::normal;
    }
    flow execute(const ast::call_block& node) {
        const value caller = define(node.caller);
        append_text(rt_, out_, evaluate_call(*ast::get_if<ast::call>(node.called), node.called->offset, &caller));
        return flow::normal;
    }
    flow execute(const ast::filter_block& node) {
        value written;
        if (const flow f = capture(node.body, written); f != flow::normal) return f;
        append_text(rt_, out_, filtered(node.filters, std::move(written)));
        return flow::normal;
    }
    flow execute(const ast::scoped_block& node) { return execute_in_new_scope(node.body); }
    flow execute(const ast::do_statement& node) {
        static_cast<void>(evaluate(node.evaluated));
        return flow::normal;
    }
    flow execute(const ast::break_statement&) { return flow::break_loop; }
    flow execute(const ast::continue_statement&) { return flow::continue_loop; }

    // ---- assignment

    void assign(const ast::target& target, const value& v) {
        if (target.is_tuple) {
            const auto& parts = iterate(rt_, v);
            if (parts.size() != target.parts.size())
                rt_.type_error((parts.size() < target.parts.size() ? "not enough" : "too many") +
                               std::string(" values to unpack (expected ") + std::to_string(target.parts.size()) + ")");
            for (std::size_t i = 0; i < parts.size(); ++i) assign(target.parts[i], parts[i]);
        } else if (target.has_attribute) {
            const value object = lookup(target.name);
            if (object.type() != kind::name_space) rt_.type_error("cannot assign attribute on non-namespace object");
            name_space& space = object.space();
            rt_.spend(space.cost_to_find(target.attribute.view()));
            if (value* held = space.find(target.attribute.view())) {
                *held = v;
            } else {
                space.attributes.emplace_back(target.attribute, v);
            }
        } else {
            set(target.name, v);
        }
    }

    // ---- macros

    value call_macro(const callable& macro, const call_arguments& args) override {
        const runtime::level nested(rt_);
        const ast::macro_definition& definition = *macro.macro;
        scope* const outer = current_;
        enter(macro.closure);
        std::string outside = std::exchange(out_, {});
        bind_parameters(definition, args);
        execute(definition.body);
        leave(outer);
        return text::owned(std::exchange(out_, std::move(outside)));
    }
    void bind_parameters(const ast::macro_definition& macro, const call_arguments& args) {
        const auto& parameters = macro.parameters;
        rt_.spend(parameters.size());
        std::vector<const value*> given(parameters.size());
        for (std::size_t i = 0; i < std::min(given.size(), args.positional.size()); ++i) given[i] = &args.positional[i];
        bind_keywords(macro, args, given);
        if (args.positional.size() > parameters.size() && !macro.uses_varargs)
            refuse(macro, "takes fewer positional arguments", {});
        if (macro.uses_varargs) {
            const auto taken = static_cast<std::ptrdiff_t>(std::min(parameters.size(), args.positional.size()));
            set(ast::symbol_varargs, rt_.tuple({args.positional.begin() + taken, args.positional.end()}));
        }
        for (std::size_t i = 0; i < parameters.size(); ++i)  // a default may use the parameters before it
            set(parameters[i].name, given[i] ? *given[i] : default_of(parameters[i]));
    }
    void bind_keywords(const ast::macro_definition& macro, const call_arguments& args,
                       std::vector<const value*>& given) {
        const auto& parameters = macro.parameters;
        const bool passes_caller = macro.uses_caller && none_of(parameters, [](const ast::parameter& p) {
                                       return p.name == ast::symbol_caller;
                                   });
        if (passes_caller) set(ast::symbol_caller, missing_note("No caller defined"));
        std::vector<mapping::entry> left;  // what no parameter takes
        for (const auto& [key, held] : args.keyword) {
            rt_.spend(parameters.size() / 16 + parameters.size() * (key.view().size() / 64));
            std::size_t i = 0;
            while (i < parameters.size() && tree_.symbols[parameters[i].name] != key.view()) ++i;
            if (i < parameters.size()) {
                if (given[i]) refuse(macro, "got several values for argument", key.view());
                given[i] = &held;
            } else if (key.view() == "caller" && passes_caller) {
                set(ast::symbol_caller, held);
            } else if (macro.uses_kwargs) {
                left.push_back({key, held});
            } else {
                refuse(macro, "takes no keyword argument", key.view());
            }
        }
        if (macro.uses_kwargs) set(ast::symbol_kwargs, rt_.dict(std::move(left)));
    }
    [[nodiscard]] value default_of(const ast::parameter& p) {
        if (p.default_value) return evaluate(p.default_value);
        return missing_note("parameter '" + std::string(tree_.symbols[p.name]) + "' was not provided");
    }
    [[noreturn]] void refuse(const ast::macro_definition& macro, std::string_view what,
                             std::string_view argument) const {
        std::string message = "macro '" + std::string(tree_.symbols[macro.name]) + "' " + std::string(what);
        if (!argument.empty()) message += " '" + escaped(argument) + "'";
        rt_.type_error(std::move(message));
    }

    std::string out_;
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
