// SPDX-License-Identifier: Apache-2.0
// Sets of stacks as nodes that are made once: what the states of a grammar are numbers of.
//
// At any byte a grammar may be at several instructions at once, each with a stack of places to return to. All these
// stacks are one *node*: a sorted list of frames (instruction, node below), each instruction at most once, since two
// stacks with the same top are one frame over the union of what lies below them. Equal nodes are one node with one
// number. Ambiguity costs no more than the frames of one node. The idea of sharing stacks is Tomita's graph-structured
// stack (1987); merging from the top down makes them canonical.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What reading a text may cost. Beyond a limit a text counts as not matching: never a wrong text, never a hang.
struct grammar_state_limits {
    std::size_t max_depth = 500;  ///< rules inside each other, at most 4096; right recursion counts once
    std::size_t max_frames = std::size_t{1} << 20;       ///< 8 bytes each; also the most nodes, 16 bytes each
    std::size_t max_transitions = std::size_t{1} << 22;  ///< 4 bytes each
    std::size_t max_steps = std::size_t{1} << 21;        ///< between two calls of begin_token(); about 6 ns each
};

namespace detail {

/// Nodes, their frames, and a budget for making them. Equal nodes have one number.
class stack_nodes {
public:
    using state = std::uint32_t;
    static constexpr state dead = 0;  ///< the node of no stacks at all

protected:
    static constexpr std::uint32_t unknown = 0xffffffff;

    struct frame {
        std::uint32_t pc;
        state below;
        friend bool operator==(const frame&, const frame&) = default;
    };
    struct node {
        std::uint32_t begin = 0, end = 0;  // frames, by ascending pc
        std::uint32_t depth = 0;           // of the deepest stack
        std::uint32_t row = unknown;       // of transitions_
    };

    explicit stack_nodes(const grammar_state_limits& limits) : limits_(limits) {
        limits_.max_depth = std::min<std::size_t>(limits_.max_depth, 4096);  // unite() and copy() recurse as deep
        limits_.max_frames = std::min<std::size_t>(limits_.max_frames, std::size_t{1} << 30);  // 32-bit numbers
        limits_.max_transitions = std::min<std::size_t>(limits_.max_transitions, std::size_t{1} << 30);
        forget();
    }
    ~stack_nodes() = default;

    /// The stacks of both. The recursion is bounded by max_depth.
    state unite(state a, state b) {
        if (a == b || b == dead) return a;
        if (a == dead) return b;
        if (a > b) std::swap(a, b);
        auto& memo = unions_[(a * 0x9e3779b1u ^ b * 0x85ebca6bu) >> 20];
        if (memo.a == a && memo.b == b) return memo.both;
        const node left = nodes_[a], right = nodes_[b];
        if (!spend(left.end - left.begin + right.end - right.begin)) return a;
        const std::size_t base = scratch_.size();
        auto i = left.begin, j = right.begin;
        while (i < left.end || j < right.end) {
            if (j == right.end || (i < left.end && frames_[i].pc < frames_[j].pc)) {
                scratch_.push_back(frames_[i++]);
            } else if (i == left.end || frames_[j].pc < frames_[i].pc) {
                scratch_.push_back(frames_[j++]);
            } else {
                const auto pc = frames_[i].pc;
                const state below = unite(frames_[i++].below, frames_[j++].below);
                scratch_.push_back({pc, below});
            }
        }
        const state both = intern(base);
        if (!exhausted_) memo = {a, b, both};
        return both;
    }

    /// The node with the frames of scratch_ from `base` on, which it takes off. No frames: `dead`.
    state intern(std::size_t base) {
        const std::size_t count = scratch_.size() - base;
        state found = dead;
        if (count != 0 && !exhausted_) {
            if (2 * nodes_.size() >= table_.size()) grow_table();
            const frame* frames = scratch_.data() + base;
            auto& slot = table_[slot_of(frames, count)];
            if (slot == dead) slot = append(frames, count);
            found = slot;
        }
        scratch_.resize(base);
        return found;
    }

    /// Takes over a node of before compact(). The recursion is bounded by max_depth.
    state copy(state from, const std::vector<node>& nodes, const std::vector<frame>& frames,
               std::vector<state>& copies) {
        if (from == dead || copies[from] != unknown) return from == dead ? dead : copies[from];
        const std::size_t base = scratch_.size();
        for (std::uint32_t i = nodes[from].begin; i < nodes[from].end; ++i) {
            const state below = copy(frames[i].below, nodes, frames, copies);
            scratch_.push_back({frames[i].pc, below});
        }
        return copies[from] = intern(base);
    }

    void forget() {
        nodes_.assign(1, {});  // the node of no stacks at all: dead
        frames_.clear();
        table_.assign(1024, dead);
        unions_.assign(4096, {});
    }

    bool spend(std::size_t steps) noexcept {
        if (steps > steps_left_) exhausted_ = true;
        steps_left_ -= std::min(steps, steps_left_);
        return !exhausted_;
    }

    grammar_state_limits limits_;
    std::vector<node> nodes_;
    std::vector<frame> frames_;
    std::vector<frame> scratch_;  // frames of nodes in the making
    std::size_t steps_left_ = 0;
    bool exhausted_ = false;

private:
    struct united {
        state a = dead, b = dead, both = dead;
    };

    state append(const frame* frames, std::size_t count) {
        if (frames_.size() + count > limits_.max_frames || !spend(count)) {
            exhausted_ = true;
            return dead;
        }
        node made{static_cast<std::uint32_t>(frames_.size()), static_cast<std::uint32_t>(frames_.size() + count)};
        for (std::size_t i = 0; i < count; ++i) made.depth = std::max(made.depth, nodes_[frames[i].below].depth + 1);
        frames_.insert(frames_.end(), frames, frames + count);
        nodes_.push_back(made);
        return static_cast<state>(nodes_.size() - 1);
    }

    /// Where in table_ the node with these frames is, or else a free place for it.
    [[nodiscard]] std::size_t slot_of(const frame* frames, std::size_t count) const {
        std::uint64_t hash = count;
        for (std::size_t i = 0; i < count; ++i) {
            hash = (hash ^ frames[i].pc) * 0x9e3779b97f4a7c15u;
            hash = (hash ^ hash >> 29 ^ frames[i].below) * 0xbf58476d1ce4e5b9u;
        }
        const std::size_t mask = table_.size() - 1;
        std::size_t slot = (hash ^ hash >> 32) & mask;
        for (; table_[slot] != dead; slot = (slot + 1) & mask) {
            const node& at = nodes_[table_[slot]];
            if (at.end - at.begin == count && std::equal(frames, frames + count, frames_.data() + at.begin)) break;
        }
        return slot;
    }

    void grow_table() {
        table_.assign(2 * table_.size(), dead);
        for (state i = 1; i < nodes_.size(); ++i)
            table_[slot_of(frames_.data() + nodes_[i].begin, nodes_[i].end - nodes_[i].begin)] = i;
    }

    std::vector<state> table_;    // open addressing over nodes_; a power of two
    std::vector<united> unions_;  // the last unions, by hash
};

}  // namespace detail

NIBBLE_NAMESPACE_END
