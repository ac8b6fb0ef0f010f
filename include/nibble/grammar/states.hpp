// SPDX-License-Identifier: Apache-2.0
// The states of a grammar while it reads a text, and the transitions between them, made on demand.
//
// A state is a number, two texts that leave the same choices are in the same state, and a transition is computed once
// and then looked up: a deterministic automaton that is built as far as it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <nibble/core/config.hpp>
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
    explicit grammar_states(std::shared_ptr<const grammar_program> program, const grammar_state_limits& limits = {});

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
    state compact(state keep);

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

    state compute(state from, std::uint8_t byte);

    /// Adds the stacks `below` to those with which `pc` is reached. A place is expanded again if they grow.
    void reach(std::uint32_t pc, state below);

    state close();

    std::shared_ptr<const grammar_program> program_;
    state start_ = dead;
    std::vector<state> transitions_;  // rows of one state per byte class
    // Work space of one step:
    std::uint32_t epoch_ = 0;
    std::vector<place> places_;  // by instruction
    std::vector<std::uint32_t> queue_, listed_;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/grammar/states_impl.hpp>
#endif
