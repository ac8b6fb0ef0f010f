// SPDX-License-Identifier: Apache-2.0
// Definitions of grammar/stack_nodes.hpp: how nodes are made once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <nibble/grammar/stack_nodes.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

NIBBLE_FUNCTION stack_nodes::stack_nodes(const grammar_state_limits& limits) : limits_(limits) {
    limits_.max_depth = std::min<std::size_t>(limits_.max_depth, 4096);  // unite() and copy() recurse as deep
    limits_.max_frames = std::min<std::size_t>(limits_.max_frames, std::size_t{1} << 30);  // 32-bit numbers
    limits_.max_transitions = std::min<std::size_t>(limits_.max_transitions, std::size_t{1} << 30);
    forget();
}

NIBBLE_FUNCTION stack_nodes::state stack_nodes::unite(state a, state b) {
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

NIBBLE_FUNCTION stack_nodes::state stack_nodes::intern(std::size_t base) {
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

NIBBLE_FUNCTION stack_nodes::state stack_nodes::copy(state from, const std::vector<node>& nodes,
                                                     const std::vector<frame>& frames, std::vector<state>& copies) {
    if (from == dead || copies[from] != unknown) return from == dead ? dead : copies[from];
    const std::size_t base = scratch_.size();
    for (std::uint32_t i = nodes[from].begin; i < nodes[from].end; ++i) {
        const state below = copy(frames[i].below, nodes, frames, copies);
        scratch_.push_back({frames[i].pc, below});
    }
    return copies[from] = intern(base);
}

NIBBLE_FUNCTION void stack_nodes::forget() {
    nodes_.assign(1, {});  // the node of no stacks at all: dead
    frames_.clear();
    table_.assign(1024, dead);
    unions_.assign(4096, {});
}

NIBBLE_FUNCTION bool stack_nodes::spend(std::size_t steps) noexcept {
    if (steps > steps_left_) exhausted_ = true;
    steps_left_ -= std::min(steps, steps_left_);
    return !exhausted_;
}

NIBBLE_FUNCTION stack_nodes::state stack_nodes::append(const frame* frames, std::size_t count) {
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

NIBBLE_FUNCTION std::size_t stack_nodes::slot_of(const frame* frames, std::size_t count) const {
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

NIBBLE_FUNCTION void stack_nodes::grow_table() {
    table_.assign(2 * table_.size(), dead);
    for (state i = 1; i < nodes_.size(); ++i)
        table_[slot_of(frames_.data() + nodes_[i].begin, nodes_[i].end - nodes_[i].begin)] = i;
}

}  // namespace detail

NIBBLE_NAMESPACE_END
