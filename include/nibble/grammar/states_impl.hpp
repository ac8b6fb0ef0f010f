// SPDX-License-Identifier: Apache-2.0
// Definitions of grammar/states.hpp: one step of the automaton.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/grammar/program.hpp>
#include <nibble/grammar/stack_nodes.hpp>
#include <nibble/grammar/states.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION grammar_states::grammar_states(std::shared_ptr<const grammar_program> program,
                                               const grammar_state_limits& limits)
    : stack_nodes(limits), program_(std::move(program)), places_(program_->code.size()) {
    begin_token();
    ++epoch_;
    reach(program_->start, dead);
    start_ = close();
    if (exhausted_)
        throw error(errc::grammar_limit, "grammar", "a first state of limited size", "more than the limits allow");
    if (start_ == dead) {
        throw error(errc::grammar_too_deep, "grammar",
                    "at most " + std::to_string(limits_.max_depth) + " rules that start inside each other", "more");
    }
}

NIBBLE_FUNCTION grammar_states::state grammar_states::compact(state keep) {
    const auto old_nodes = std::move(nodes_);
    const auto old_frames = std::move(frames_);
    forget();
    transitions_.clear();
    begin_token();
    std::vector<state> copies(old_nodes.size(), unknown);
    start_ = copy(start_, old_nodes, old_frames, copies);
    return copy(keep, old_nodes, old_frames, copies);
}

NIBBLE_FUNCTION grammar_states::state grammar_states::compute(state from, std::uint8_t byte) {
    if (from == dead) return dead;
    ++epoch_;
    for (std::uint32_t i = nodes_[from].begin; i < nodes_[from].end; ++i) {
        const auto [pc, below] = frames_[i];
        const auto& at = program_->code[pc];
        if (at.code == opcode::byte && at.first <= byte && byte <= at.last) reach(at.next, below);
    }
    const state to = close();
    if (exhausted_) return dead;
    const std::size_t n_classes = program_->class_byte.size();
    if (nodes_[from].row == unknown && transitions_.size() + n_classes <= limits_.max_transitions) {
        nodes_[from].row = static_cast<std::uint32_t>(transitions_.size());
        transitions_.resize(transitions_.size() + n_classes, unknown);
    }
    if (nodes_[from].row != unknown) transitions_[nodes_[from].row + program_->class_of[byte]] = to;
    return to;
}

NIBBLE_FUNCTION void grammar_states::reach(std::uint32_t pc, state below) {
    auto& here = places_[pc];
    if (here.epoch != epoch_) {
        here = {epoch_, below, false, false};
    } else {
        const state both = unite(here.below, below);
        if (both == here.below) return;
        here.below = both;
    }
    if (here.queued || !spend(1)) return;
    here.queued = true;
    queue_.push_back(pc);
    std::push_heap(queue_.begin(), queue_.end(), std::greater<>{});
}

NIBBLE_FUNCTION grammar_states::state grammar_states::close() {
    listed_.clear();
    while (!queue_.empty()) {
        std::pop_heap(queue_.begin(), queue_.end(), std::greater<>{});
        const auto pc = queue_.back();
        queue_.pop_back();
        places_[pc].queued = false;
        const auto& at = program_->code[pc];
        const state below = places_[pc].below;
        switch (at.code) {
            case opcode::byte:
            case opcode::accept:
                if (!std::exchange(places_[pc].listed, true)) listed_.push_back(pc);
                break;
            case opcode::split:
                reach(at.next, below);
                reach(at.other, below);
                break;
            case opcode::jump: reach(at.next, below); break;
            case opcode::call:
                if (nodes_[below].depth < limits_.max_depth) {
                    scratch_.push_back({at.next, below});
                    reach(at.other, intern(scratch_.size() - 1));
                }
                if (at.nullable) reach(at.next, below);  // what ret would find later, with nothing to expand again
                break;
            case opcode::ret:
                for (std::uint32_t i = nodes_[below].begin; i < nodes_[below].end; ++i)
                    reach(frames_[i].pc, frames_[i].below);
                break;
            case opcode::fail: break;
        }
    }
    std::sort(listed_.begin(), listed_.end());
    for (const auto pc : listed_) scratch_.push_back({pc, places_[pc].below});
    return intern(scratch_.size() - listed_.size());
}

NIBBLE_NAMESPACE_END
