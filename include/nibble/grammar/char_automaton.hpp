// SPDX-License-Identifier: Apache-2.0
// Finite automata over Unicode characters: what a regular expression becomes, so that several can hold at once.
//
// The states are the positions of an expression (Glushkov 1961): in state i the last character read was one of set i.
// There are no empty steps, so two automata that read together are in a pair of states.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/grammar/syntax.hpp>
#include <nibble/unicode/code_points.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

using code_point_set = std::vector<code_point_range>;  ///< sorted, disjoint, without surrogates

/// The characters in both sets.
[[nodiscard]] inline code_point_set intersection(const code_point_set& a, const code_point_set& b) {
    code_point_set out;
    for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
        const char32_t first = std::max(i->first, j->first), last = std::min(i->last, j->last);
        if (first <= last) out.push_back({first, last});
        i->last < j->last ? ++i : ++j;
    }
    return out;
}

/// State 0 is the start.
struct char_automaton {
    struct state {
        code_point_set read;              ///< the characters that lead here; none for the start
        std::vector<std::uint32_t> next;  ///< in no order, each once
        bool accepts = false;
    };
    std::vector<state> states{1};

    [[nodiscard]] bool matches(std::string_view text) const {
        std::vector<bool> at(states.size());
        at[0] = true;
        for_each_code_point(text, [&](char32_t c, std::string_view) {
            std::vector<bool> then(states.size());
            for (std::size_t i = 0; i < states.size(); ++i)
                if (at[i])
                    for (const auto to : states[i].next)
                        if (!then[to]) then[to] = contains(states[to].read, c);
            at = std::move(then);
        });
        for (std::size_t i = 0; i < states.size(); ++i)
            if (at[i] && states[i].accepts) return true;
        return false;
    }

private:
    [[nodiscard]] static bool contains(const code_point_set& set, char32_t c) {
        return any_of(set, [c](const auto& range) { return range.first <= c && c <= range.last; });
    }
};

/// The automaton of the texts that both accept; nothing if it has more than `most_states`.
[[nodiscard]] inline std::optional<char_automaton> joined(const char_automaton& a, const char_automaton& b,
                                                          std::size_t most_states) {
    using pair = std::pair<std::uint32_t, std::uint32_t>;
    std::map<pair, std::uint32_t> numbers{{{0, 0}, 0}};
    std::vector<pair> pairs{{0, 0}};
    char_automaton out;
    for (std::size_t i = 0; i < pairs.size(); ++i) {  // grows while it runs
        const auto [in_a, in_b] = pairs[i];
        out.states[i].accepts = a.states[in_a].accepts && b.states[in_b].accepts;
        for (const auto to_a : a.states[in_a].next)
            for (const auto to_b : b.states[in_b].next) {
                auto read = intersection(a.states[to_a].read, b.states[to_b].read);
                if (read.empty()) continue;
                const auto [entry, is_new] =
                    numbers.try_emplace({to_a, to_b}, static_cast<std::uint32_t>(out.states.size()));
                if (is_new) {
                    if (out.states.size() >= most_states) return std::nullopt;
                    pairs.push_back({to_a, to_b});
                    out.states.push_back({std::move(read), {}, false});
                }
                out.states[i].next.push_back(entry->second);
            }
    }
    return out;
}

/// The same without states that no accepted text comes through, the start aside.
[[nodiscard]] inline char_automaton trimmed(const char_automaton& automaton) {
    const std::size_t n = automaton.states.size();
    using edges = std::vector<std::vector<std::uint32_t>>;
    edges forward(n), back(n);
    std::vector<std::uint32_t> ends;
    for (std::uint32_t i = 0; i < n; ++i) {
        forward[i] = automaton.states[i].next;
        for (const auto to : forward[i]) back[to].push_back(i);
        if (automaton.states[i].accepts) ends.push_back(i);
    }
    const auto reached = [n](const edges& steps, std::vector<std::uint32_t> todo) {
        std::vector<bool> out(n);
        while (!todo.empty()) {
            const auto at = todo.back();
            todo.pop_back();
            if (out[at]) continue;
            out[at] = true;
            todo.insert(todo.end(), steps[at].begin(), steps[at].end());
        }
        return out;
    };
    const auto from_start = reached(forward, {0}), to_end = reached(back, ends);
    std::vector<std::uint32_t> number(n, 0);  // 0: not kept, or the start, to which nothing leads
    char_automaton out;
    out.states[0].accepts = automaton.states[0].accepts;
    for (std::uint32_t i = 1; i < n; ++i)
        if (from_start[i] && to_end[i]) {
            number[i] = static_cast<std::uint32_t>(out.states.size());
            out.states.push_back({automaton.states[i].read, {}, automaton.states[i].accepts});
        }
    for (std::uint32_t i = 0; i < n; ++i)
        if (i == 0 || number[i] != 0)
            for (const auto to : forward[i])
                if (number[to] != 0) out.states[number[i]].next.push_back(number[to]);
    return out;
}

/// The length of the longest text that a trimmed automaton accepts; nothing if there is none.
[[nodiscard]] inline std::optional<std::size_t> longest_text(const char_automaton& automaton) {
    const std::size_t n = automaton.states.size();
    std::vector<std::size_t> ways(n), length(n);
    for (const auto& state : automaton.states)
        for (const auto to : state.next) ++ways[to];
    std::vector<std::uint32_t> order{0};  // each after all that lead to it
    for (std::size_t i = 0; i < order.size(); ++i)
        for (const auto to : automaton.states[order[i]].next) {
            length[to] = std::max(length[to], length[order[i]] + 1);
            if (--ways[to] == 0) order.push_back(to);
        }
    if (order.size() != n) return std::nullopt;  // a circle
    return *std::max_element(length.begin(), length.end());
}

/// Builds an automaton from the parts of an expression. A part is its first and last states; the steps between are in
/// the automaton already.
class automaton_builder {
public:
    struct part {
        bool may_be_empty = true;
        std::vector<std::uint32_t> first = {}, last = {};
    };

    explicit automaton_builder(std::string where) : where_(std::move(where)) {}

    [[nodiscard]] part one_of(code_point_set characters) {
        if (out_.states.size() >= most_states) too_large();
        out_.states.push_back({std::move(characters), {}, false});
        const auto state = static_cast<std::uint32_t>(out_.states.size() - 1);
        return {false, {state}, {state}};
    }

    [[nodiscard]] part sequence(part a, const part& b) {
        connect(a, b);
        if (a.may_be_empty) append(a.first, b.first);
        if (b.may_be_empty) {
            append(a.last, b.last);
        } else {
            a.last = b.last;
        }
        a.may_be_empty = a.may_be_empty && b.may_be_empty;
        return a;
    }

    [[nodiscard]] static part choice(part a, const part& b) {
        append(a.first, b.first);
        append(a.last, b.last);
        a.may_be_empty = a.may_be_empty || b.may_be_empty;
        return a;
    }

    [[nodiscard]] part repeated(part a) {
        connect(a, a);
        a.may_be_empty = true;
        return a;
    }

    [[nodiscard]] char_automaton finish(const part& whole) {
        connect({true, {}, {0}}, whole);
        for (const auto state : whole.last) out_.states[state].accepts = true;
        out_.states[0].accepts = whole.may_be_empty;
        return std::move(out_);
    }

private:
    static constexpr std::size_t most_states = 10'000, most_steps = 200'000;

    void connect(const part& a, const part& b) {
        for (const auto from : a.last) {
            auto& next = out_.states[from].next;
            for (const auto to : b.first)
                if (std::find(next.begin(), next.end(), to) == next.end()) {
                    if (++steps_ > most_steps) too_large();
                    next.push_back(to);
                }
        }
    }

    static void append(std::vector<std::uint32_t>& to, const std::vector<std::uint32_t>& from) {
        to.insert(to.end(), from.begin(), from.end());
    }

    [[noreturn]] void too_large() const {
        throw error(errc::schema_unsupported, where_, "a pattern that is smaller when its counts are written out",
                    "more");
    }

    char_automaton out_;
    std::size_t steps_ = 0;
    std::string where_;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
