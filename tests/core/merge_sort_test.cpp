// SPDX-License-Identifier: Apache-2.0
// The stable sort, against the standard's, and with a comparison that makes no sense.
#include <nibble/core/merge_sort.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "test.hpp"

using item = std::pair<int, std::string>;

TEST_CASE("equals keep their order, for any number of values") {
    std::mt19937 engine(1);
    for (const std::size_t n : {0u, 1u, 2u, 3u, 7u, 8u, 9u, 100u, 1000u}) {
        std::vector<item> values;
        for (std::size_t i = 0; i < n; ++i) values.emplace_back(static_cast<int>(engine() % 10), std::to_string(i));
        std::shuffle(values.begin(), values.end(), engine);
        std::vector<item> expected;  // a stable sort by ten sweeps
        for (int key = 0; key < 10; ++key)
            std::copy_if(values.begin(), values.end(), std::back_inserter(expected),
                         [&](const item& one) { return one.first == key; });
        nibble::merge_sort(values.begin(), values.end(),
                           [](const item& a, const item& b) { return a.first < b.first; });
        CHECK(values == expected);
    }
}

TEST_CASE("a comparison that contradicts itself loses and invents nothing") {
    std::mt19937 engine(2);
    std::vector<int> values(1000);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int>(i);
    auto sorted = values;
    nibble::merge_sort(sorted.begin(), sorted.end(), [&](int, int) { return engine() % 2 == 0; });
    CHECK(std::is_permutation(sorted.begin(), sorted.end(), values.begin()));
}
