// SPDX-License-Identifier: Apache-2.0
#include "test.hpp"

#include <cstdint>

#include <nibble/generate/rng.hpp>

TEST_CASE("the generator is SplitMix64, bit for bit", "[rng]") {
    nibble::random_generator zero;
    CHECK(zero.next() == 0xe220a8397b1dcdafu);
    CHECK(zero.next() == 0x6e789e6aa1b965f4u);
    CHECK(zero.next() == 0x06c45d188009454fu);
    nibble::random_generator other{1234567};
    CHECK(other.next() == 6457827717110365317u);
    CHECK(other.next() == 3203168211198807973u);
}

TEST_CASE("uniform numbers lie in [0, 1) and are spread evenly", "[rng]") {
    nibble::random_generator random{42};
    int counts[16] = {};
    for (int i = 0; i < 160000; ++i) {
        const double value = random.next_double();
        REQUIRE(value >= 0.0);
        REQUIRE(value < 1.0);
        ++counts[static_cast<int>(value * 16)];
    }
    for (const int count : counts) CHECK(std::abs(count - 10000) < 500);  // 5 standard deviations
}
