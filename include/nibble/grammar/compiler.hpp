// SPDX-License-Identifier: Apache-2.0
// Compiles a grammar: links its units, drops what can never be completed, puts the rest in order.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/grammar/emitter.hpp>
#include <nibble/grammar/program.hpp>
#include <nibble/grammar/syntax.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

class grammar_compiler : grammar_emitter {
public:
    grammar_compiler(const grammar_syntax& syntax, const grammar_limits& limits) : grammar_emitter(syntax, limits) {}

    grammar_program compile() {
        ret_ = add({opcode::ret});
        const auto accept = add({opcode::accept});
        const auto root = unit_of_rule(syntax_.root);
        const auto start = add({opcode::call, 0, 0, false, accept, root});
        emit_units();
        link();
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
    /// Jumps and calls name instructions from here on; unit_called_ keeps the units.
    void link() {
        unit_called_.assign(code_.size(), none);
        for (std::uint32_t pc = 0; pc < code_.size(); ++pc) {
            auto& target = code_[pc].code == opcode::jump ? code_[pc].next : code_[pc].other;
            if (code_[pc].code != opcode::jump && code_[pc].code != opcode::call) continue;
            unit_called_[pc] = target;
            target = units_[target].entry;
        }
    }

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

    std::vector<bool> seen_;                  // by starts_of
    std::vector<std::uint32_t> unit_called_;  // by the call or jump at each place
};

}  // namespace detail

/// Compiles a parsed grammar. Throws errc::grammar_syntax where nothing matches or a rule is left-recursive,
/// errc::grammar_limit where the program grows too large.
[[nodiscard]] inline grammar_program compile_grammar(const grammar_syntax& syntax, const grammar_limits& limits = {}) {
    return detail::grammar_compiler{syntax, limits}.compile();
}

NIBBLE_NAMESPACE_END
