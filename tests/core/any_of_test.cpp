// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/any_of.hpp>

#include <vector>

#include "test.hpp"

using namespace nibble;

TEST_CASE("questions about all elements of a range") {
    const auto even = [](int n) { return n % 2 == 0; };
    const std::vector<int> mixed{1, 2, 3}, odd{1, 3}, none;
    const int evens[] = {2, 4};
    CHECK(any_of(mixed, even));
    CHECK_FALSE(all_of(mixed, even));
    CHECK_FALSE(none_of(mixed, even));
    CHECK_FALSE(any_of(odd, even));
    CHECK(none_of(odd, even));
    CHECK(all_of(evens, even));
    CHECK_FALSE(any_of(none, even));
    CHECK(all_of(none, even));
    CHECK(none_of(none, even));
}
