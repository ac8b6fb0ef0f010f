// SPDX-License-Identifier: Apache-2.0
#include <nibble/unicode/letter_case.hpp>

#include <string>

#include "test.hpp"

using namespace nibble;

TEST_CASE("letters change their case as Unicode has it") {
    CHECK(lowered("ABC \u00c9\u0130") == "abc \u00e9i\u0307");
    CHECK(uppered("stra\u00dfe \ufb01") == "STRASSE FI");
    CHECK(in_case("Stra\u00dfe", case_form::folded) == "strasse");
    CHECK(titled("o'neil \u01c6") == "O'Neil \u01c5");
    CHECK(capitalised("\u01c6BC") == "\u01c5bc");
    CHECK(case_swapped("aB\u00df") == "AbSS");
    CHECK(lowered("\u039f\u0394\u039f\u03a3 \u03a3\u03a3") == "\u03bf\u03b4\u03bf\u03c2 \u03c3\u03c2");  // final sigma
    CHECK(uppered("\xff") == "\xff");
}
