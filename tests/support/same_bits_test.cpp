// SPDX-License-Identifier: Apache-2.0
// What the comparison of floats takes for equal, and what it says of others.
#include "support/same_bits.hpp"

#include <limits>
#include <string>
#include <vector>

#include "test.hpp"

using nibble::test::same_bits_as;

TEST_CASE("same_bits_as compares bits") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK_THAT((std::vector<float>{1, nan}), same_bits_as({1, nan}));
    CHECK_THAT((std::vector<float>{0}), !same_bits_as({-0.0f}));
    CHECK_THAT((std::vector<float>{1}), !same_bits_as({1, 1}));
}

TEST_CASE("same_bits_as names token, row and both values") {
    const same_bits_as expected{{0, 1, 2, 3, 4, 0.1f}, 3};
    CHECK_FALSE(expected.match({0, 1, 2, 3, 4, 0.5f}));
    CHECK(expected.describe() == "token 1, row 2: 0.5 (0x3f000000), expected 0.100000001 (0x3dcccccd)");
    CHECK_FALSE(expected.match({0, -1, 2, 3, 4, 0.5f}));
    CHECK(expected.describe() == "token 0, row 1: -1 (0xbf800000), expected 1 (0x3f800000); 2 values differ");
    CHECK_FALSE(expected.match({}));
    CHECK(expected.describe() == "expected 6 values");
    const same_bits_as one{{1}};
    CHECK_FALSE(one.match({2}));
    CHECK(one.describe() == "at 0: 2 (0x40000000), expected 1 (0x3f800000)");
}

TEST_CASE("a message shows the first floats and how many there are") {
    CHECK(Catch::Detail::stringify(std::vector<float>{1, 2}) == "2 floats: 1 2");
    CHECK(Catch::Detail::stringify(std::vector<float>(1000, 0.5f)) == "1000 floats: 0.5 0.5 0.5 0.5 0.5 0.5 ...");
}
