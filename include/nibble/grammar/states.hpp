// SPDX-License-Identifier: Apache-2.0
// The states of a grammar while it reads a text, and the transitions between them, made on demand.
//
// A state is a number, two texts that leave the same choices are in the same state, and a transition is computed once
// and then looked up: a deterministic automaton that is built as far as it is used.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/grammar/program.hpp>
#include <nibble/grammar/stack_nodes.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The states reached so far and the transitions between them. Not for two threads at once. Memory grows with the
/// states that are new and stays within the limits; steps between known states allocate nothing.
class grammar_states : detail::stack_nodes {
public:
    /// A number that stands for everything that may follow. Valid until compact().
    using state = detail::stack_nodes::state;
    static constexpr state dead = 0;

    /// Throws errc::grammar_too_deep or errc::grammar_limit if the limits do not even allow the first state.
    explicit grammar_states(std::shared_ptr<const grammar_program> program, const grammar_state_limits& limits = {})
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

    [[nodiscard]] state start() const noexcept { return start_; }

    /// The state after `byte`, or `dead` if no text that the grammar matches goes on like this.
    [[nodiscard]] state step(state from, std::uint8_t byte) {
        const auto row = nodes_[from].row;
        if (row != unknown) {
            const state to = transitions_[row + program_->class_of[byte]];
            if (to != unknown) return to;
        }
        return compute(from, byte);
    }

    /// True if the text may end here.
    [[nodiscard]] bool accepts(state at) const noexcept {
        for (std::uint32_t i = nodes_[at].begin; i < nodes_[at].end; ++i)
            if (program_->code[frames_[i].pc].code == opcode::accept) return true;
        return false;
    }

    /// True if the text may end here and nothing can follow.
    [[nodiscard]] bool is_final(state at) const noexcept {
        return accepts(at) && nodes_[at].end - nodes_[at].begin == 1;
    }

    /// Allows another limits.max_steps of work.
    void begin_token() noexcept {
        steps_left_ = limits_.max_steps;
        exhausted_ = false;
    }

    /// True if a step since begin_token() gave `dead` only because of a limit.
    [[nodiscard]] bool exhausted() const noexcept { return exhausted_; }

    /// True if half of the memory is in use: time to compact().
    [[nodiscard]] bool crowded() const noexcept {
        return frames_.size() > limits_.max_frames / 2 || nodes_.size() > limits_.max_frames / 2 ||
               transitions_.size() > limits_.max_transitions / 2;
    }

    /// Forgets everything but start() and `keep`; returns the new number of `keep`. All other states are gone.
    state compact(state keep) {
        const auto old_nodes = std::move(nodes_);
        const auto old_frames = std::move(frames_);
        forget();
        transitions_.clear();
        begin_token();
        std::vector<state> copies(old_nodes.size(), unknown);
        start_ = copy(start_, old_nodes, old_frames, copies);
        return copy(keep, old_nodes, old_frames, copies);
    }

    [[nodiscard]] const grammar_program& program() const noexcept { return *program_; }
    [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }

private:
    using opcode = grammar_instruction::opcode;
    /// Where the expansion of the current step stands at one instruction.
    struct place {
        std::uint32_t epoch = 0;  // the rest counts only if this is the current one
        state below = dead;
        bool queued = false, listed = false;
    };

    // ---- one step: go to all instructions that the byte leads to and expand them until only bytes are left to read

    state compute(state from, std::uint8_t byte) {
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

    /// Adds the stacks `below` to those with which `pc` is reached. A place is expanded again if they grow.
    void reach(std::uint32_t pc, state below) {
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

    state close() {
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

    std::shared_ptr<const grammar_program> program_;
    state start_ = dead;
    std::vector<state> transitions_;  // rows of one state per byte class
    // Work space of one step:
    std::uint32_t epoch_ = 0;
    std::vector<place> places_;  // by instruction
    std::vector<std::uint32_t> queue_, listed_;
};

NIBBLE_NAMESPACE_END
