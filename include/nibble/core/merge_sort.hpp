// SPDX-License-Identifier: Apache-2.0
// A stable sort that is safe with any comparison.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Sorts [items, items + size) so that equal items keep their order. Where std::stable_sort asks for an order, this
/// takes whatever `before` says, also of NaN: the result is then some permutation. If `before` throws, some items may
/// have been moved from.
template <class T, class Before>
void merge_sort(T* items, std::size_t size, Before before) {
    std::vector<T> merged;
    merged.reserve(size);
    for (std::size_t width = 1; width < size; width *= 2) {
        merged.clear();
        for (std::size_t begin = 0; begin < size; begin += 2 * width) {
            const std::size_t middle = std::min(begin + width, size);
            const std::size_t end = std::min(middle + width, size);
            std::size_t left = begin, right = middle;
            while (left < middle || right < end) {
                const bool take_right = left == middle || (right < end && before(items[right], items[left]));
                merged.push_back(std::move(items[take_right ? right++ : left++]));
            }
        }
        std::move(merged.begin(), merged.end(), items);
    }
}

NIBBLE_NAMESPACE_END
