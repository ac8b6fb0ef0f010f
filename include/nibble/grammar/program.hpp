// SPDX-License-Identifier: Apache-2.0
// A grammar as a small program over bytes: the form that the matcher runs.
//
// The program is a recursive transition network. `byte` reads one byte and goes on, `split` goes on in two places
// at once, `call` goes on at a rule's entry and remembers where to go on after it, `ret` goes back there. Code
// points are split into UTF-8 bytes, so a text may be fed in pieces that cut a character. A call with nothing to do
// after it is a `jump`: right recursion takes no stack.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

struct grammar_instruction {
    enum class opcode : std::uint8_t {
        byte,    ///< a byte in [first, last], then `next`
        split,   ///< `next` and `other`
        jump,    ///< `next`
        call,    ///< the rule at `other`, then `next`
        ret,     ///< wherever the rule was called from
        accept,  ///< the text may end here
        fail,    ///< nothing: whatever follows can never be completed
    };
    opcode code = opcode::fail;
    std::uint8_t first = 0;
    std::uint8_t last = 0;
    bool nullable = false;  ///< of a call: the rule matches the empty text too
    std::uint32_t next = 0;
    std::uint32_t other = 0;
};

/// A compiled grammar. From every instruction that is not `fail` the end of the text can be reached. Instructions are
/// ordered so that a rule comes before the rules that it can start with: whoever expands the lowest instruction first
/// has seen all ways into a rule before the rule itself.
struct grammar_program {
    std::vector<grammar_instruction> code;
    std::uint32_t start = 0;
    std::array<std::uint8_t, 256> class_of{};  ///< bytes of one class are alike to every instruction
    std::vector<std::uint8_t> class_byte;      ///< one byte of each class
};

NIBBLE_NAMESPACE_END
