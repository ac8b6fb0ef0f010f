// SPDX-License-Identifier: Apache-2.0
// A parsed grammar to instructions: one unit of code for each rule in use and for each part that is repeated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/grammar/code_points.hpp>
#include <nibble/grammar/program.hpp>
#include <nibble/grammar/syntax.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Emits each expression with the place to go on at after it, last part first. Jumps and calls name units.
class grammar_emitter {
protected:
    using opcode = grammar_instruction::opcode;
    static constexpr std::uint32_t none = 0xffffffff;

    /// A rule, or a part of one that is repeated several times and therefore called like a rule.
    struct routine {
        std::uint32_t body;  // a node
        std::uint32_t rule;  // that it is, or is a part of
        std::uint32_t entry = none, begin = 0, end = 0;
    };

    grammar_emitter(const grammar_syntax& syntax, const grammar_limits& limits)
        : syntax_(syntax), limits_(limits), units_of_rule_(syntax.rules.size(), none) {}
    ~grammar_emitter() = default;

    /// The code of all units that have been asked for, and of those that they ask for: only rules in use.
    void emit_units() {
        for (std::size_t i = 0; i < units_.size(); ++i) {  // grows while it runs
            current_rule_ = units_[i].rule;
            units_[i].begin = static_cast<std::uint32_t>(code_.size());
            const auto entry = emit(units_[i].body, ret_);  // may move units_
            units_[i].entry = entry;
            units_[i].end = static_cast<std::uint32_t>(code_.size());
        }
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

    const grammar_syntax& syntax_;
    const grammar_limits& limits_;
    std::vector<grammar_instruction> code_;
    std::uint32_t ret_ = 0;
    std::vector<routine> units_;

private:
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
        std::map<std::uint64_t, std::uint32_t> tails;  // shared by the ranges, by first, last and what follows
        std::uint32_t entry = none;
        for (std::uint32_t i = node.begin; i < node.end; ++i) {
            split_utf8(syntax_.ranges[i], [&](const utf8_range& range) {
                std::uint32_t at = next;
                for (std::size_t k = range.length; k-- > 1;) {
                    const std::uint64_t key =
                        std::uint64_t{range.first[k]} << 40 | std::uint64_t{range.last[k]} << 32 | at;
                    auto& tail = tails.try_emplace(key, none).first->second;
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

    std::uint32_t unit_of_part(std::uint32_t node) {
        if (syntax_.nodes[node].type == grammar_node::kind::reference) return unit_of_rule(syntax_.nodes[node].begin);
        units_.push_back({node, current_rule_});
        return static_cast<std::uint32_t>(units_.size() - 1);
    }

    std::vector<std::uint32_t> units_of_rule_;
    std::uint32_t current_rule_ = 0;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
