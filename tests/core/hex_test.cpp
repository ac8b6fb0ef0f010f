// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/hex.hpp>

#include <string>

#include "test.hpp"

using namespace nibble;

TEST_CASE("hexadecimal digits and back") {
    std::string out = "x";
    append_hex(out, 0xab, 2);
    append_hex(out, 0x1f, 4);
    append_hex(out, 0xdeadbeef, 8, upper_hex_digits);
    append_hex(out, 0x123, 1);
    CHECK(out == "xab001fDEADBEEF3");
    for (int value = 0; value < 16; ++value) {
        CHECK(hex_value(lower_hex_digits[static_cast<std::size_t>(value)]) == value);
        CHECK(hex_value(upper_hex_digits[static_cast<std::size_t>(value)]) == value);
    }
    int digits = 0;
    for (int c = -128; c < 128; ++c) digits += hex_value(static_cast<char>(c)) >= 0;
    CHECK(digits == 22);
}
