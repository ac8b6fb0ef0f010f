// SPDX-License-Identifier: Apache-2.0
// The states of a grammar while it reads a text: sets of stacks, made on demand and never made twice.
//
// At any byte a grammar may be at several instructions at once, each with a stack of places to return to. All these
// stacks are one *node*: a sorted list of frames (instruction, node below), each instruction at most once, since two
// stacks with the same top are one frame over the union of what lies below them. Equal nodes are one node with one
// number, so a state is a number, two texts that leave the same choices are in the same state, and a transition
// is computed once and then looked up: a deterministic automaton that is built as far as it is used.
// Ambiguity costs no more than the frames of one node. The idea of sharing stacks is Tomita's graph-structured stack
// (1987); merging from the top down makes them canonical.
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

NIBBLE_NAMESPACE_BEGIN

/// What reading a text may cost. Beyond a limit a text counts as not matching: never a wrong text, never a hang.
struct grammar_state_limits {
    std::size_t max_depth = 500;  ///< rules inside each other, at most 4096; right recursion counts once
    std::size_t max_frames = std::size_t{1} << 20;       ///< 8 bytes each; also the most nodes, 16 bytes each
    std::size_t max_transitions = std::size_t{1} << 22;  ///< 4 bytes each
    std::size_t max_steps = std::size_t{1} << 21;        ///< between two calls of begin_token(); about 6 ns each
};

/// The states reached so far and the transitions between them. Not for two threads at once. Memory grows with the
/// states that are new and stays within the limits; steps between known states allocate nothing.
class grammar_states {
public:
    /// A number that stands for everything that may follow. Valid until compact().
    using state = std::uint32_t;
    static constexpr state dead = 0;

    /// Throws errc::grammar_too_deep or errc::grammar_limit if the limits do not even allow the first state.
    explicit grammar_states(std::shared_ptr<const grammar_program> program, const grammar_state_limits& limits = {})
        : program_(std::move(program)), limits_(limits) {
        limits_.max_depth = std::min<std::size_t>(limits_.max_depth, 4096);  // unite() and copy() recurse as deep
        limits_.max_frames = std::min<std::size_t>(limits_.max_frames, std::size_t{1} << 30);  // 32-bit numbers
        limits_.max_transitions = std::min<std::size_t>(limits_.max_transitions, std::size_t{1} << 30);
        places_.resize(program_->code.size());
        clear();
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
        clear();
        begin_token();
        std::vector<state> copies(old_nodes.size(), unknown);
        start_ = copy(start_, old_nodes, old_frames, copies);
        return copy(keep, old_nodes, old_frames, copies);
    }

    [[nodiscard]] const grammar_program& program() const noexcept { return *program_; }
    [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }

private:
    using opcode = grammar_instruction::opcode;
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

    // ---- nodes

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

    void clear() {
        nodes_.assign(1, {});  // the node of no stacks at all: dead
        frames_.clear();
        transitions_.clear();
        table_.assign(1024, dead);
        unions_.assign(4096, {});
    }

    bool spend(std::size_t steps) noexcept {
        if (steps > steps_left_) exhausted_ = true;
        steps_left_ -= std::min(steps, steps_left_);
        return !exhausted_;
    }

    struct united {
        state a = dead, b = dead, both = dead;
    };

    std::shared_ptr<const grammar_program> program_;
    grammar_state_limits limits_;
    state start_ = dead;
    std::vector<node> nodes_;
    std::vector<frame> frames_;
    std::vector<state> transitions_;  // rows of one state per byte class
    std::vector<state> table_;        // open addressing over nodes_; a power of two
    std::vector<united> unions_;      // the last unions, by hash
    std::size_t steps_left_ = 0;
    bool exhausted_ = false;
    // Work space of one step:
    std::uint32_t epoch_ = 0;
    std::vector<place> places_;  // by instruction
    std::vector<std::uint32_t> queue_, listed_;
    std::vector<frame> scratch_;
};

NIBBLE_NAMESPACE_END
