// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/merge_sort.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "test.hpp"

using namespace nibble;

TEST_CASE("items are sorted, and equal ones keep their order") {
    std::mt19937 rng{3};
    for (std::size_t n = 0; n < 200; ++n) {
        std::vector<std::pair<unsigned, std::size_t>> items;
        for (std::size_t i = 0; i < n; ++i) items.emplace_back(static_cast<unsigned>(rng() % 10), i);
        merge_sort(items.data(), items.size(), [](const auto& a, const auto& b) { return a.first < b.first; });
        REQUIRE(std::is_sorted(items.begin(), items.end()));  // by the number that tells equal ones apart, too
    }
}

TEST_CASE("a comparison that is no order does no harm") {
    std::vector<double> items(1000);
    for (std::size_t i = 0; i < items.size(); ++i)
        items[i] = i % 3 == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(i * 7919 % 1000);
    double sum = 0;
    for (const double x : items) sum += std::isnan(x) ? 0 : x;
    merge_sort(items.data(), items.size(), [](double a, double b) { return a < b; });
    CHECK(std::count_if(items.begin(), items.end(), [](double x) { return std::isnan(x); }) == 334);
    CHECK(std::accumulate(items.begin(), items.end(), 0.0,
                          [](double s, double x) { return std::isnan(x) ? s : s + x; }) == sum);
    std::mt19937 rng{1};
    merge_sort(items.data(), items.size(), [&](double, double) { return rng() % 2 == 0; });
    CHECK(std::count_if(items.begin(), items.end(), [](double x) { return std::isnan(x); }) == 334);
}
