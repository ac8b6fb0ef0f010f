// SPDX-License-Identifier: Apache-2.0
// Sets of stacks as nodes that are made once: what the states of a grammar are numbers of.
//
// At any byte a grammar may be at several instructions at once, each with a stack of places to return to. All these
// stacks are one *node*: a sorted list of frames (instruction, node below), each instruction at most once, since two
// stacks with the same top are one frame over the union of what lies below them. Equal nodes are one node with one
// number. Ambiguity costs no more than the frames of one node. The idea of sharing stacks is Tomita's graph-structured
// stack (1987); merging from the top down makes them canonical.
#pragma once

#include <cstddef>
#include <cstdint>
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

    explicit stack_nodes(const grammar_state_limits& limits);
    ~stack_nodes() = default;

    /// The stacks of both. The recursion is bounded by max_depth.
    state unite(state a, state b);

    /// The node with the frames of scratch_ from `base` on, which it takes off. No frames: `dead`.
    state intern(std::size_t base);

    /// Takes over a node of before compact(). The recursion is bounded by max_depth.
    state copy(state from, const std::vector<node>& nodes, const std::vector<frame>& frames,
               std::vector<state>& copies);

    void forget();

    bool spend(std::size_t steps) noexcept;

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

    state append(const frame* frames, std::size_t count);

    /// Where in table_ the node with these frames is, or else a free place for it.
    [[nodiscard]] std::size_t slot_of(const frame* frames, std::size_t count) const;

    void grow_table();

    std::vector<state> table_;    // open addressing over nodes_; a power of two
    std::vector<united> unions_;  // the last unions, by hash
};

}  // namespace detail

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/grammar/stack_nodes_impl.hpp>
#endif
