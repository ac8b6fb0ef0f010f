// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/array_view.hpp>

#include <array>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "test.hpp"

using nibble::array_view;

namespace {

std::size_t count(array_view<std::string> texts) { return texts.size(); }
std::string joined(std::span<const std::string> texts) {
    std::string out;
    for (const auto& text : texts) out += text;
    return out;
}

}  // namespace

TEST_CASE("a view sees the elements of a vector, an array, a span and a list") {
    std::vector<std::string> texts{"a", "b", "c"};
    const array_view<std::string> view = texts;
    CHECK(view.data() == texts.data());
    CHECK(view.size() == 3);
    CHECK(count(std::array<std::string, 2>{"a", "b"}) == 2);
    CHECK(count(std::span{texts}.first(1)) == 1);
    CHECK(count({{"a", "b", "c", "d"}}) == 4);
    const std::string plain[] = {"x"};
    CHECK(array_view<std::string>{plain}.data() == plain);
    CHECK(array_view<std::string>{}.empty());
    CHECK(array_view<std::string>{}.begin() == array_view<std::string>{}.end());
}

TEST_CASE("a view becomes a span, and parts of it are views") {
    const std::vector<std::string> texts{"a", "b", "c", "d"};
    const array_view<std::string> view = texts;
    CHECK(joined(view) == "abcd");
    CHECK(joined(view.first(2)) == "ab");
    CHECK(joined(view.subspan(1)) == "bcd");
    CHECK(joined(view.subspan(1, 2)) == "bc");
    CHECK(view.subspan(4).empty());
    CHECK(view[1] + view.front() + view.back() == "bad");
}

TEST_CASE("a view is of what has its elements and nothing else") {
    STATIC_REQUIRE(std::is_convertible_v<std::vector<int>&, array_view<int>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::vector<long>&, array_view<int>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<int, array_view<int>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string, array_view<std::string>>);
}
