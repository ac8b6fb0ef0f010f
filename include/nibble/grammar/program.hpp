// SPDX-License-Identifier: Apache-2.0
// Compiles a grammar to a small program over bytes: the form that the matcher runs.
//
// The program is a recursive transition network. `byte` reads one byte and goes on, `split` goes on in two places
// at once, `call` goes on at a rule's entry and remembers where to go on after it, `ret` goes back there. Code
// points are split into UTF-8 bytes, so a text may be fed in pieces that cut a character. A call with nothing to do
// after it is a `jump`: right recursion takes no stack.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/grammar/code_points.hpp>
#include <nibble/grammar/syntax.hpp>

NIBBLE_NAMESPACE_BEGIN

struct grammar_instruction {
    enum class opcode : std::uint8_t {
        byte,    ///< a byte in [first, last], then `next`
        split,   ///< `next` and `other`
        jump,    ///< `next`
        call,    ///< the rule at `other`, then `next`
        ret,     ///< wherever the rule was called from
        accept,  ///< the text may end here
        fail,    ///< nothing: whatever follows can never be completed
    };
    opcode code = opcode::fail;
    std::uint8_t first = 0;
    std::uint8_t last = 0;
    bool nullable = false;  ///< of a call: the rule matches the empty text too
    std::uint32_t next = 0;
    std::uint32_t other = 0;
};

/// A compiled grammar. From every instruction that is not `fail` the end of the text can be reached. Instructions are
/// ordered so that a rule comes before the rules that it can start with: whoever expands the lowest instruction first
/// has seen all ways into a rule before the rule itself.
struct grammar_program {
    std::vector<grammar_instruction> code;
    std::uint32_t start = 0;
    std::array<std::uint8_t, 256> class_of{};  ///< bytes of one class are alike to every instruction
    std::vector<std::uint8_t> class_byte;      ///< one byte of each class
};

namespace detail {

class grammar_compiler {
public:
    grammar_compiler(const grammar_syntax& syntax, const grammar_limits& limits) : syntax_(syntax), limits_(limits) {}

    grammar_program compile() {
        ret_ = add({opcode::ret});
        const auto accept = add({opcode::accept});
        units_of_rule_.assign(syntax_.rules.size(), none);
        const auto root = unit_of_rule(syntax_.root);
        const auto start = add({opcode::call, 0, 0, false, accept, root});
        for (std::size_t i = 0; i < units_.size(); ++i) {  // grows while it runs: only rules in use are compiled
            current_rule_ = units_[i].rule;
            units_[i].begin = static_cast<std::uint32_t>(code_.size());
            const auto entry = emit(units_[i].body, ret_);  // may move units_
            units_[i].entry = entry;
            units_[i].end = static_cast<std::uint32_t>(code_.size());
        }
        // A jump and a call name units until here.
        unit_called_.assign(code_.size(), none);
        for (std::uint32_t pc = 0; pc < code_.size(); ++pc) {
            auto& target = code_[pc].code == opcode::jump ? code_[pc].next : code_[pc].other;
            if (code_[pc].code != opcode::jump && code_[pc].code != opcode::call) continue;
            unit_called_[pc] = target;
            target = units_[target].entry;
        }
        const auto productive = reaches_end(true);
        if (!productive[start]) {
            throw error(errc::grammar_syntax, "grammar rule '" + syntax_.rules[syntax_.root].name + "'",
                        "some text that it matches", "none: every way through it needs a rule that never ends");
        }
        for (std::uint32_t pc = 0; pc < code_.size(); ++pc)
            if (!productive[pc]) code_[pc] = {};
        const auto nullable = reaches_end(false);
        for (auto& instruction : code_)
            if (instruction.code == opcode::call) instruction.nullable = nullable[instruction.other];
        return arrange(start, accept);
    }

private:
    using opcode = grammar_instruction::opcode;
    static constexpr std::uint32_t none = 0xffffffff;

    /// A rule, or a part of one that is repeated several times and therefore called like a rule.
    struct routine {
        std::uint32_t body;  // a node
        std::uint32_t rule;  // that it is, or is a part of
        std::uint32_t entry = none, begin = 0, end = 0;
    };

    // ---- code: each expression is emitted with the place to go on at after it, last part first

    std::uint32_t emit(std::uint32_t index, std::uint32_t next) {
        const auto& node = syntax_.nodes[index];
        switch (node.type) {
            case grammar_node::kind::literal: {
                const auto bytes = syntax_.literal(node);
                for (std::size_t i = bytes.size(); i-- > 0;) {
                    const auto byte = static_cast<std::uint8_t>(bytes[i]);
                    next = add({opcode::byte, byte, byte, false, next});
                }
                return next;
            }
            case grammar_node::kind::characters: return emit_characters(node, next);
            case grammar_node::kind::sequence:
                for (std::uint32_t i = node.end; i-- > node.begin;) next = emit(syntax_.children[i], next);
                return next;
            case grammar_node::kind::choice: {
                std::uint32_t entry = emit(syntax_.children[node.end - 1], next);
                for (std::uint32_t i = node.end - 1; i-- > node.begin;)
                    entry = split(emit(syntax_.children[i], next), entry);
                return entry;
            }
            case grammar_node::kind::repeat: return emit_repeat(node, next);
            case grammar_node::kind::reference: return call(unit_of_rule(node.begin), next);
        }
        return next;
    }

    std::uint32_t emit_characters(const grammar_node& node, std::uint32_t next) {
        std::map<std::tuple<std::uint8_t, std::uint8_t, std::uint32_t>, std::uint32_t> tails;  // shared by the ranges
        std::uint32_t entry = none;
        for (std::uint32_t i = node.begin; i < node.end; ++i) {
            split_utf8(syntax_.ranges[i], [&](const utf8_range& range) {
                std::uint32_t at = next;
                for (std::size_t k = range.length; k-- > 1;) {
                    auto& tail = tails.try_emplace({range.first[k], range.last[k], at}, none).first->second;
                    if (tail == none) tail = add({opcode::byte, range.first[k], range.last[k], false, at});
                    at = tail;
                }
                at = add({opcode::byte, range.first[0], range.last[0], false, at});
                entry = entry == none ? at : split(at, entry);
            });
        }
        return entry;
    }

    std::uint32_t emit_repeat(const grammar_node& node, std::uint32_t next) {
        const bool endless = node.at_most == grammar_node::unbounded;
        if (endless && node.at_least <= 1) {
            const auto again = split(none, next);
            const auto body = emit(node.begin, again);
            code_[again].next = body;
            return node.at_least == 0 ? again : body;
        }
        const bool once = !endless && node.at_most <= 1;
        const auto unit = once || is_small(node.begin) ? none : unit_of_part(node.begin);
        const auto copy = [&](std::uint32_t then) { return unit == none ? emit(node.begin, then) : call(unit, then); };
        std::uint32_t entry = next;
        if (endless) {
            entry = split(none, next);
            const auto body = copy(entry);
            code_[entry].next = body;
        } else {
            for (std::uint32_t i = node.at_least; i < node.at_most; ++i) entry = split(copy(entry), next);
        }
        for (std::uint32_t i = 0; i < node.at_least; ++i) entry = copy(entry);
        return entry;
    }

    /// One instruction long: a copy costs no more than a call.
    [[nodiscard]] bool is_small(std::uint32_t index) const {
        const auto& node = syntax_.nodes[index];
        if (node.type == grammar_node::kind::literal) return node.end - node.begin <= 1;
        return node.type == grammar_node::kind::characters && node.end - node.begin == 1 &&
               syntax_.ranges[node.begin].last < 0x80;
    }

    std::uint32_t call(std::uint32_t unit, std::uint32_t next) {
        return next == ret_ ? add({opcode::jump, 0, 0, false, unit}) : add({opcode::call, 0, 0, false, next, unit});
    }

    std::uint32_t split(std::uint32_t next, std::uint32_t other) {
        return add({opcode::split, 0, 0, false, next, other});
    }

    std::uint32_t add(const grammar_instruction& instruction) {
        if (code_.size() >= limits_.max_instructions) {
            throw error(errc::grammar_limit, "grammar",
                        "a compiled size of at most " + std::to_string(limits_.max_instructions) + " instructions",
                        "more (large repetition counts cost the most)");
        }
        code_.push_back(instruction);
        return static_cast<std::uint32_t>(code_.size() - 1);
    }

    std::uint32_t unit_of_rule(std::uint32_t rule) {
        auto& index = units_of_rule_[rule];
        if (index == none) {
            index = static_cast<std::uint32_t>(units_.size());
            units_.push_back({syntax_.rules[rule].body, rule});
        }
        return index;
    }

    std::uint32_t unit_of_part(std::uint32_t node) {
        if (syntax_.nodes[node].type == grammar_node::kind::reference) return unit_of_rule(syntax_.nodes[node].begin);
        units_.push_back({node, current_rule_});
        return static_cast<std::uint32_t>(units_.size() - 1);
    }

    // ---- analysis

    /// The instructions from which the end of their rule can be reached, through bytes or without reading any.
    [[nodiscard]] std::vector<bool> reaches_end(bool through_bytes) const {
        std::vector<std::vector<std::uint32_t>> before(code_.size());
        for (std::uint32_t pc = 0; pc < code_.size(); ++pc) {
            const auto& at = code_[pc];
            if (at.code == opcode::split || at.code == opcode::call) before[at.other].push_back(pc);
            if (at.code == opcode::byte ? through_bytes : at.code <= opcode::call) before[at.next].push_back(pc);
        }
        std::vector<bool> reaches(code_.size());
        std::vector<std::uint32_t> todo{0, 1};  // ret and accept
        reaches[0] = reaches[1] = true;
        while (!todo.empty()) {
            const auto pc = todo.back();
            todo.pop_back();
            for (const auto p : before[pc]) {
                const auto& at = code_[p];
                if (reaches[p] || (at.code == opcode::call && !(reaches[at.next] && reaches[at.other]))) continue;
                reaches[p] = true;
                todo.push_back(p);
            }
        }
        return reaches;
    }

    /// The units that `unit` can go to before it reads a byte.
    [[nodiscard]] std::vector<std::uint32_t> starts_of(const routine& from) {
        std::vector<std::uint32_t> out, todo{from.entry};
        while (!todo.empty()) {
            const auto pc = todo.back();
            todo.pop_back();
            if (seen_[pc]) continue;  // of this unit: no place belongs to two, and what they share goes nowhere
            seen_[pc] = true;
            const auto& at = code_[pc];
            if (at.code == opcode::jump || at.code == opcode::call) out.push_back(unit_called_[pc]);
            if (at.code == opcode::split) todo.push_back(at.other);
            if (at.code == opcode::split || (at.code == opcode::call && at.nullable)) todo.push_back(at.next);
        }
        return out;
    }

    /// All units, each before those that it can start with. Refuses left recursion: there is no such order then.
    [[nodiscard]] std::vector<std::uint32_t> order_of_units() {
        enum class progress : std::uint8_t { untouched, open, done };
        struct visit {
            std::uint32_t unit;
            std::vector<std::uint32_t> starts;
            std::size_t next = 0;
        };
        seen_.assign(code_.size(), false);
        std::vector<progress> states(units_.size(), progress::untouched);
        std::vector<std::uint32_t> order;
        std::vector<visit> path;
        for (std::uint32_t root = 0; root < units_.size(); ++root) {
            if (states[root] != progress::untouched) continue;
            states[root] = progress::open;
            path.push_back({root, starts_of(units_[root])});
            while (!path.empty()) {
                auto& top = path.back();
                if (top.next == top.starts.size()) {
                    states[top.unit] = progress::done;
                    order.push_back(top.unit);
                    path.pop_back();
                    continue;
                }
                const auto unit = top.starts[top.next++];
                if (states[unit] == progress::open) left_recursion(path, unit);
                if (states[unit] != progress::untouched) continue;
                states[unit] = progress::open;
                path.push_back({unit, starts_of(units_[unit])});
            }
        }
        std::reverse(order.begin(), order.end());
        return order;
    }

    template <class Path>
    [[noreturn]] void left_recursion(const Path& path, std::uint32_t unit) const {
        const auto name = [this](std::uint32_t u) { return syntax_.rules[units_[u].rule].name; };
        std::string cycle;
        auto at = path.rbegin();
        while (at->unit != unit) ++at;
        for (auto step = at.base() - 1; step != path.end() && cycle.size() < 200; ++step)
            cycle += name(step->unit) + " -> ";
        throw error(errc::grammar_syntax, "grammar rule '" + name(unit) + "'",
                    "something to read before it comes to itself again", "left recursion " + cycle + name(unit));
    }

    /// The finished program: code in the order of expansion, bytes in classes.
    [[nodiscard]] grammar_program arrange(std::uint32_t start, std::uint32_t accept) {
        std::vector<std::uint32_t> old{start, accept};
        for (const auto u : order_of_units())
            for (auto pc = units_[u].end; pc-- > units_[u].begin;) old.push_back(pc);
        old.push_back(ret_);  // last: where it goes is known once every rule has been expanded
        std::vector<std::uint32_t> place(code_.size());
        for (std::uint32_t i = 0; i < old.size(); ++i) place[old[i]] = i;

        grammar_program out;
        std::array<bool, 257> boundary{};
        for (const auto pc : old) {
            auto at = code_[pc];
            at.next = place[at.next];
            at.other = place[at.other];
            if (at.code == opcode::byte) boundary[at.first] = boundary[at.last + 1u] = true;
            out.code.push_back(at);
        }
        out.start = place[start];
        for (std::size_t byte = 0; byte < 256; ++byte) {
            if (byte == 0 || boundary[byte]) out.class_byte.push_back(static_cast<std::uint8_t>(byte));
            out.class_of[byte] = static_cast<std::uint8_t>(out.class_byte.size() - 1);
        }
        return out;
    }

    const grammar_syntax& syntax_;
    const grammar_limits& limits_;
    std::vector<grammar_instruction> code_;
    std::uint32_t ret_ = 0;
    std::vector<routine> units_;
    std::vector<std::uint32_t> units_of_rule_;
    std::vector<bool> seen_;                  // by starts_of
    std::vector<std::uint32_t> unit_called_;  // by the call or jump at each place
    std::uint32_t current_rule_ = 0;
};

}  // namespace detail

/// Compiles a parsed grammar. Throws errc::grammar_syntax where nothing matches or a rule is left-recursive,
/// errc::grammar_limit where the program grows too large.
[[nodiscard]] inline grammar_program compile_grammar(const grammar_syntax& syntax, const grammar_limits& limits = {}) {
    return detail::grammar_compiler{syntax, limits}.compile();
}

NIBBLE_NAMESPACE_END
