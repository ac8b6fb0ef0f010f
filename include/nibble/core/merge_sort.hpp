// SPDX-License-Identifier: Apache-2.0
// A stable sort that no compiler warns about and that no comparison can lead astray.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Sorts [first, last) by `less`; equals keep their order. O(n log n) comparisons, one buffer of n values, which need a
/// default constructor. A merge sort stays inside its range whatever `less` answers, even where a NaN makes it
/// contradict itself. If `less` throws, the values are there, but some may have been moved from.
/// Not std::stable_sort: libstdc++ 12 takes its buffer from a function that clang 19 reports as deprecated, in the unit
/// of the user.
template <std::random_access_iterator Iterator, class Less>
void merge_sort(Iterator first, Iterator last, Less less) {
    using difference = std::iter_difference_t<Iterator>;
    const difference n = last - first;
    std::vector<std::iter_value_t<Iterator>> merged(static_cast<std::size_t>(n));
    for (difference run = 1; run < n; run *= 2) {  // runs of so many are sorted
        auto out = merged.begin();
        for (difference at = 0; at < n; at += 2 * run) {
            const auto begin = std::make_move_iterator(first + at);
            const auto middle = std::make_move_iterator(first + std::min(at + run, n));
            const auto end = std::make_move_iterator(first + std::min(at + 2 * run, n));
            out = std::merge(begin, middle, middle, end, out, less);
        }
        std::move(merged.begin(), merged.end(), first);
    }
}

NIBBLE_NAMESPACE_END
