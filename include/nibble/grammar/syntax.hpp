// SPDX-License-Identifier: Apache-2.0
// A context-free grammar over Unicode code points as a tree: what the GBNF parser makes and the compiler reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What a grammar may cost. Beyond a limit the grammar is refused when it is read, not when it is used.
struct grammar_limits {
    std::size_t max_text_bytes = std::size_t{1} << 21;
    std::size_t max_rules = 20'000;
    std::size_t max_depth = 256;                          ///< nested groups and repetitions of one rule
    std::size_t max_repeat = 100'000;                     ///< the numbers in {m,n}
    std::size_t max_instructions = std::size_t{1} << 18;  ///< compiled size, 12 bytes each
};

/// Code points `first` to `last`, both included.
struct code_point_range {
    char32_t first;
    char32_t last;
};

/// One expression of a grammar. The nodes lie in one array and name each other by index, children before parents.
struct grammar_node {
    enum class kind : std::uint8_t {
        literal,     ///< the bytes [begin, end) of grammar_syntax::text; may be empty
        characters,  ///< one code point out of the ranges [begin, end)
        sequence,    ///< the children [begin, end), one after the other
        choice,      ///< one of the children [begin, end)
        repeat,      ///< node `begin`, at_least to at_most times
        reference,   ///< rule `begin`
    };
    static constexpr std::uint32_t unbounded = 0xffffffff;

    kind type = kind::literal;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t at_least = 0;
    std::uint32_t at_most = 0;
    std::uint32_t height = 1;  ///< 1 for a leaf; bounded by grammar_limits::max_depth, so that tree walks may recurse
};

struct grammar_rule {
    std::string name;
    std::uint32_t body = 0;  ///< a node
};

/// A whole grammar. Every index is valid, every range list is sorted, disjoint and free of surrogates.
struct grammar_syntax {
    std::vector<grammar_node> nodes;
    std::vector<std::uint32_t> children;
    std::vector<code_point_range> ranges;
    std::string text;  ///< valid UTF-8
    std::vector<grammar_rule> rules;
    std::uint32_t root = 0;  ///< the rule that the whole text must match

    [[nodiscard]] std::string_view literal(const grammar_node& node) const noexcept {
        return std::string_view{text}.substr(node.begin, node.end - node.begin);
    }
};

NIBBLE_NAMESPACE_END
