// SPDX-License-Identifier: Apache-2.0
#include <nibble/unicode/code_points.hpp>

#include <string>
#include <string_view>

#include "test.hpp"

using namespace nibble;

TEST_CASE("a text as code points") {
    const std::string_view text = "a\u00e9\U0001f600";
    CHECK(count_code_points(text) == 3);
    CHECK(count_code_points("") == 0);
    CHECK(count_code_points("\xff\xff") == 2);
    CHECK(byte_offset(text, 0) == 0);
    CHECK(byte_offset(text, 2) == 3);
    CHECK(byte_offset(text, 3) == 7);
    CHECK(byte_offset(text, 9) == 7);
    std::string seen;
    for_each_code_point(text, [&](char32_t c, std::string_view bytes) {
        seen += std::to_string(static_cast<std::uint32_t>(c)) + ":" + std::to_string(bytes.size()) + " ";
    });
    CHECK(seen == "97:1 233:2 128512:4 ");
    CHECK(every_code_point("ab", [](char32_t c) { return c < 'c'; }));
    CHECK_FALSE(every_code_point("abc", [](char32_t c) { return c < 'c'; }));
    CHECK_FALSE(every_code_point("", [](char32_t) { return true; }));
    CHECK(is_ascii("ab"));
    CHECK_FALSE(is_ascii(text));
}
