// SPDX-License-Identifier: Apache-2.0
// A stable sort that is safe with any comparison.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Sorts so that equal items keep their order. Where std::stable_sort asks for an order, this takes whatever `before`
/// says, also of NaN: the result is then some permutation. If `before` throws, some items may have been moved from.
template <class T, class Before>
void merge_sort(std::span<T> items, Before before) {
    std::vector<T> merged;
    merged.reserve(items.size());
    for (std::size_t width = 1; width < items.size(); width *= 2) {
        merged.clear();
        for (std::size_t begin = 0; begin < items.size(); begin += 2 * width) {
            const std::size_t middle = std::min(begin + width, items.size());
            const std::size_t end = std::min(middle + width, items.size());
            std::size_t left = begin, right = middle;
            while (left < middle || right < end) {
                const bool take_right = left == middle || (right < end && before(items[right], items[left]));
                merged.push_back(std::move(items[take_right ? right++ : left++]));
            }
        }
        std::move(merged.begin(), merged.end(), items.begin());
    }
}

NIBBLE_NAMESPACE_END
