// SPDX-License-Identifier: Apache-2.0
// The syntax tree of a template.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/jinja/heap.hpp>
#include <nibble/jinja/value.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

struct builtin_entry;

namespace ast {

/// A name of the template, as an index into syntax_tree::symbols.
using symbol = std::uint32_t;
/// Names that the interpreter itself assigns; they are the first symbols of every tree.
inline constexpr std::string_view special_symbols[] = {"loop", "caller", "varargs", "kwargs"};
inline constexpr symbol symbol_loop = 0, symbol_caller = 1, symbol_varargs = 2, symbol_kwargs = 3;

/// The kinds of nodes that a tree may hold in one place, numbered: what a variant is, at a tenth of its compile time.
template <class... Nodes>
struct node_list {
    template <class Node>
    static constexpr std::uint8_t index() noexcept {
        std::uint8_t i = 0;
        bool found = false;
        ((found = found || std::is_same_v<Node, Nodes>, i = static_cast<std::uint8_t>(i + !found)), ...);
        return i;
    }
};
struct node : heap::object {
    std::uint8_t tag;      ///< the number of its kind
    std::uint32_t offset;  ///< into the source
    node(std::uint8_t kind, std::uint32_t at) noexcept : tag(kind), offset(at) {}
};
template <class Content>
struct node_of final : node {
    Content content;
    node_of(std::uint8_t kind, std::uint32_t at, Content c) : node(kind, at), content(std::move(c)) {}
};
/// Nodes belong to the tree, so that releasing it takes no recursion. Never null unless a comment says so.
using expr = const node*;

enum class arithmetic_op : std::uint8_t { add, subtract, multiply, divide, floor_divide, modulo, power };
enum class comparison_op : std::uint8_t { equal, unequal, less, less_equal, greater, greater_equal, in, not_in };

struct argument_list {
    std::vector<expr> positional;
    std::vector<std::pair<text, expr>> keyword;
    expr star = nullptr;         // *args, may be null
    expr double_star = nullptr;  // **kwargs, may be null
};

// ---- expressions

struct literal {
    value constant;
};
struct variable {
    symbol name;
};
struct list_display {
    std::vector<expr> items;
};
struct tuple_display {
    std::vector<expr> items;
};
struct dict_display {
    std::vector<std::pair<expr, expr>> items;
};
struct attribute {
    expr object;
    text name;
};
struct subscript {
    expr object, index;
};
struct slice {
    expr object, start, stop, step;
};  // the last three may be null
struct call {
    expr callee;
    argument_list arguments;
};
struct filter {
    expr input;
    text name;
    const builtin_entry* entry;
    argument_list arguments;
};  // input null: a block's
struct test {
    expr input;
    text name;
    const builtin_entry* entry;
    argument_list arguments;
};
struct negation {
    expr operand;
    bool minus;
};
struct logical_not {
    expr operand;
};
struct logical_chain {
    bool is_and;
    std::vector<expr> operands;
};
struct comparison {
    expr first;
    std::vector<std::pair<comparison_op, expr>> rest;
};
/// a + b - c: operators of one precedence from left to right.
struct arithmetic {
    expr first;
    std::vector<std::pair<arithmetic_op, expr>> rest;
};
struct concatenation {
    std::vector<expr> parts;
};
struct conditional {
    expr condition, chosen, otherwise;
};  // otherwise may be null: undefined

using expression_nodes =
    node_list<literal, variable, list_display, tuple_display, dict_display, attribute, subscript, slice, call, filter,
              test, negation, logical_not, logical_chain, comparison, arithmetic, concatenation, conditional>;

// ---- statements

using block = std::vector<const node*>;

/// What an assignment assigns to: one name, an attribute of a namespace, or several targets of a tuple.
struct target {
    symbol name = 0;
    text attribute = {};  // of the namespace `name`, when has_attribute
    bool has_attribute = false;
    bool is_tuple = false;
    std::vector<target> parts = {};
};

struct parameter {
    symbol name;
    expr default_value;
};  // default may be null

struct macro_definition {
    symbol name = 0;
    std::vector<parameter> parameters;
    block body;
    bool uses_varargs = false, uses_kwargs = false, uses_caller = false;
};

struct data {
    std::string_view bytes;
};
struct output {
    expr shown;
};
struct if_branch {
    expr condition;
    block body;
};  // condition null: else
struct if_statement {
    std::vector<if_branch> branches;
};
struct for_statement {
    target variables;
    expr items, condition;
    block body, otherwise;
};  // condition may be null
struct set_statement {
    target variables;
    expr assigned;
};
struct set_block {
    target variables;
    expr filters;
    block body;
};  // filters may be null
struct with_statement {
    std::vector<std::pair<target, expr>> bindings;
    block body;
};
struct macro_statement {
    macro_definition macro;
};
struct call_block {
    expr called;
    macro_definition caller;
};
struct filter_block {
    expr filters;
    block body;
};
struct scoped_block {
    block body;
};  // generation
struct do_statement {
    expr evaluated;
};
struct break_statement {};
struct continue_statement {};

using statement_nodes =
    node_list<data, output, if_statement, for_statement, set_statement, set_block, with_statement, macro_statement,
              call_block, filter_block, scoped_block, do_statement, break_statement, continue_statement>;

/// The content of an expression if it is of this kind, else nullptr.
template <class Content>
[[nodiscard]] const Content* get_if(expr e) noexcept {
    return e->tag == expression_nodes::index<Content>() ? &static_cast<const node_of<Content>*>(e)->content : nullptr;
}

/// A parsed template. Immutable once parsed. Views inside point into `source` and `objects`.
struct syntax_tree {
    std::string source;
    heap objects;                           ///< nodes, and literals whose text differs from the source
    std::vector<std::string_view> symbols;  ///< every variable name of the template, once
    block body;

    /// Adds a node whose kind is in `List`.
    template <class List, class Content>
    const node* add(std::uint32_t offset, Content content) {
        auto* made = new node_of<Content>(List::template index<Content>(), offset, std::move(content));
        objects.adopt(made);
        return made;
    }
};

}  // namespace ast

}  // namespace jinja

NIBBLE_NAMESPACE_END
