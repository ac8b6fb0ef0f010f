// SPDX-License-Identifier: Apache-2.0
#include <nibble/gguf/directory.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "test.hpp"

using namespace nibble;
using gguf::name_index;

TEST_CASE("names are found by their number in the list") {
    const std::vector<std::string> names{"output", "blk.10", "blk.1", "", "blk.2"};
    const auto name_of = [&](std::size_t i) { return std::string_view{names[i]}; };
    const name_index index{names.size(), name_of};
    for (std::size_t i = 0; i < names.size(); ++i) CHECK(index.find(names[i], name_of) == i);
    for (const char* other : {"blk", "blk.", "blk.11", "zzz", "a", "outpu", "output."})
        CHECK_FALSE(index.find(other, name_of));
    CHECK_FALSE(index.first_duplicate(name_of));
    CHECK_FALSE(name_index{}.find("a", name_of));
}

TEST_CASE("the first name in the list that was there before") {
    const std::vector<std::string> names{"b", "a", "c", "b", "a", "b"};
    const auto name_of = [&](std::size_t i) { return std::string_view{names[i]}; };
    using pair = std::pair<std::size_t, std::size_t>;
    CHECK((name_index{6, name_of}.first_duplicate(name_of) == std::optional{pair{0, 3}}));
    CHECK_FALSE(name_index{3, name_of}.first_duplicate(name_of));
    CHECK((name_index{6, name_of}.find("b", name_of) == 0u));
}
