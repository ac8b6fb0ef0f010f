// SPDX-License-Identifier: Apache-2.0
#include <nibble/unicode/white_space.hpp>

#include "test.hpp"

using namespace nibble;

TEST_CASE("texts without the white space at their ends") {
    CHECK(trim_end("a b \t\r\n") == "a b");
    CHECK(trim_end(" \n") == "");
    CHECK(trim_end("") == "");
    CHECK(trim_end(" a") == " a");
    CHECK(trim_start(" \r\na b ") == "a b ");
    CHECK(trim_start("\n \na", "\n") == " \na");
    CHECK(trim_start("  ") == "");
    CHECK(trim_start("") == "");
    CHECK((is_white_space(' ') && is_white_space('\t') && is_white_space('\r') && is_white_space('\n')));
    CHECK_FALSE((is_white_space('\v') || is_white_space('\0') || is_white_space('x')));
}
