// SPDX-License-Identifier: Apache-2.0
// Byte-pair merging of one word: of all neighbours the best pair first, the leftmost of equals, until none merges.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What two neighbours become: the order of the merge (lower goes first) and the token, in one comparable word.
struct merged_pair {
    std::uint64_t word = ~std::uint64_t{0};

    static constexpr merged_pair of(std::uint32_t rank, token result) noexcept {
        return {std::uint64_t{rank} << 32 | static_cast<std::uint32_t>(result)};
    }
    [[nodiscard]] constexpr bool exists() const noexcept { return word != ~std::uint64_t{0}; }
    [[nodiscard]] constexpr std::uint32_t rank() const noexcept { return static_cast<std::uint32_t>(word >> 32); }
    [[nodiscard]] constexpr token result() const noexcept { return static_cast<token>(word & 0xffffffffu); }
};

/// A symbol of a word of any length, linked to its neighbours. It stays where its first byte is.
struct merge_symbol {
    token id;
    std::uint32_t previous, next;  ///< indices into the word's symbols; `merge_end` beyond the ends
    merged_pair pair;              ///< with the next symbol
};

inline constexpr std::uint32_t merge_end = 0xffffffff;

/// Memory that the words of one call share.
struct merge_scratch {
    std::vector<merge_symbol> symbols;
    std::vector<std::uint64_t> heap;
};

/// Merges scratch.symbols, of which number 0 is the first and all links are set. `pair_of(left, right)` gives the
/// merged_pair of two neighbouring symbols by index. O(n log n): every pair that ever exists is pushed once, as
/// rank << 32 | index, and is out of date when its symbol's pair has another rank by the time it comes up.
template <class PairOf>
void merge_symbols(merge_scratch& scratch, PairOf&& pair_of) {
    auto& symbols = scratch.symbols;
    auto& heap = scratch.heap;
    heap.clear();
    const auto renew = [&](std::uint32_t left) {
        merge_symbol& symbol = symbols[left];
        symbol.pair = symbol.next == merge_end ? merged_pair{} : pair_of(left, symbol.next);
        return symbol.pair.exists();
    };
    const auto entry = [&](std::uint32_t left) { return std::uint64_t{symbols[left].pair.rank()} << 32 | left; };
    for (std::uint32_t i = 0; i != merge_end; i = symbols[i].next)
        if (renew(i)) heap.push_back(entry(i));
    std::make_heap(heap.begin(), heap.end(), std::greater<>{});

    const auto push = [&](std::uint32_t left) {
        if (!renew(left)) return;
        heap.push_back(entry(left));
        std::push_heap(heap.begin(), heap.end(), std::greater<>{});
    };
    while (!heap.empty()) {
        std::pop_heap(heap.begin(), heap.end(), std::greater<>{});
        const std::uint64_t top = heap.back();
        heap.pop_back();
        const auto left = static_cast<std::uint32_t>(top & 0xffffffffu);
        merge_symbol& symbol = symbols[left];
        if (!symbol.pair.exists() || symbol.pair.rank() != top >> 32) continue;
        merge_symbol& right = symbols[symbol.next];
        symbol.id = symbol.pair.result();
        symbol.next = right.next;
        right.pair = {};  // takes its entries out of date
        if (symbol.next != merge_end) symbols[symbol.next].previous = left;
        push(left);
        if (symbol.previous != merge_end) push(symbol.previous);
    }
}

NIBBLE_NAMESPACE_END
