// SPDX-License-Identifier: Apache-2.0
// Searches for a pattern in what comes one element at a time.
#pragma once

#include <cstddef>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The automaton of Knuth, Morris and Pratt ("Fast pattern matching in strings", SIAM J. Comput. 6, 1977): its state is
/// how many elements of the pattern, counted from its start, end what has been read. An element costs amortised
/// constant time.
template <class Element>
class prefix_automaton {
public:
    explicit prefix_automaton(array_view<Element> pattern)
        : pattern_(pattern.begin(), pattern.end()), borders_(pattern.size() + 1) {
        for (std::size_t i = 1; i < size(); ++i) borders_[i + 1] = next(borders_[i], pattern_[i]);
    }

    [[nodiscard]] std::size_t size() const noexcept { return pattern_.size(); }

    /// The state after `element` is read in `state` < size(); size() where the pattern is complete.
    [[nodiscard]] std::size_t next(std::size_t state, Element element) const noexcept {
        while (state > 0 && pattern_[state] != element) state = borders_[state];
        return pattern_[state] == element ? state + 1 : 0;
    }

private:
    std::vector<Element> pattern_;
    std::vector<std::size_t> borders_;  // [i]: the longest proper prefix of the first i elements that ends them
};

NIBBLE_NAMESPACE_END
