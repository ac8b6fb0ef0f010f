// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/name_index.hpp>

#include <string>
#include <string_view>

#include "test.hpp"

TEST_CASE("numbers are found by names of any type of string") {
    nibble::name_index index;
    CHECK(index.emplace("one", 1).second);
    CHECK(index.emplace(std::string("two"), 2).second);
    CHECK_FALSE(index.emplace("one", 3).second);
    CHECK(index.find(std::string_view("one"))->second == 1);
    CHECK(index.find("two")->second == 2);
    CHECK(index.find(std::string("three")) == index.end());
}
