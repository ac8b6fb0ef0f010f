// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/made_on_demand.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "test.hpp"

using nibble::made_on_demand;

TEST_CASE("a value is made once, when first asked for") {
    const made_on_demand<int> value;
    int n_made = 0;
    const auto make = [&n_made] { return 6 + ++n_made; };
    CHECK(n_made == 0);
    CHECK(value.get(make) == 7);
    CHECK(value.get(make) == 7);
    CHECK(n_made == 1);
}

TEST_CASE("a value that could not be made is made when next asked for") {
    const made_on_demand<int> value;
    const auto fails = []() -> int { throw std::runtime_error("not yet"); };
    CHECK_THROWS_AS(value.get(fails), std::runtime_error);
    CHECK_THROWS_AS(value.get(fails), std::runtime_error);
    CHECK(value.get([] { return 7; }) == 7);
}

TEST_CASE("many threads that ask at a time get the same value") {
    for (int round = 0; round < 100; ++round) {
        const made_on_demand<int> value;
        std::atomic<int> n_made{0};
        std::vector<const int*> seen(4);
        std::vector<std::thread> threads;
        for (auto& pointer : seen) threads.emplace_back([&] { pointer = &value.get([&n_made] { return ++n_made; }); });
        for (auto& thread : threads) thread.join();
        CHECK(n_made == 1);
        for (const int* pointer : seen) CHECK(pointer == seen[0]);
    }
}
