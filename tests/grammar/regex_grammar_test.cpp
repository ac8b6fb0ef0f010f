// SPDX-License-Identifier: Apache-2.0
// Grammars of the texts that a regular expression matches.
#include "test.hpp"

#include <string>
#include <string_view>

#include <nibble/core/error.hpp>
#include <nibble/grammar/matcher.hpp>
#include <nibble/grammar/regex_grammar.hpp>

namespace {

bool is_match(std::string_view pattern, std::string_view text) {
    return nibble::matches(nibble::grammar_from_regex(pattern), text);
}

}  // namespace

TEST_CASE("an expression matches a text as a whole, with anchors or without", "[regex_grammar]") {
    for (const std::string_view pattern :
         {"[0-9]{2}-[a-z]+", "^[0-9]{2}-[a-z]+", "[0-9]{2}-[a-z]+$", "^[0-9]{2}-[a-z]+$"}) {
        CAPTURE(std::string{pattern});
        CHECK(is_match(pattern, "42-abc"));
        for (const std::string_view text : {"", "42-", "142-abc", "42-abc ", " 42-abc", "42-abc\n"}) {
            CAPTURE(std::string{text});
            CHECK_FALSE(is_match(pattern, text));
        }
    }
    CHECK(is_match("a|bc", "bc"));
    CHECK_FALSE(is_match("a|bc", "abc"));
}

TEST_CASE("an expression may match nothing but the empty text, or characters of all kinds", "[regex_grammar]") {
    CHECK(is_match("", ""));
    CHECK_FALSE(is_match("", "a"));
    CHECK(is_match("a{0}", ""));
    CHECK(is_match("(ab)*", ""));
    CHECK(is_match("(ab)*", "abab"));
    CHECK_FALSE(is_match("(ab)*", "aba"));
    CHECK(is_match(".\\\"\\\\", "\xf0\x9f\x98\x80\"\\"));
    CHECK_FALSE(is_match(".", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"));
}

TEST_CASE("what is no expression, or none of those that are supported, is refused", "[regex_grammar]") {
    for (const std::string_view pattern : {"(a", "a)", "[z-a]", "(?=a)b", "\\1", "a{2,1}", "\xe2\x82", "[^\\s\\S]"}) {
        CAPTURE(std::string{pattern});
        try {
            (void)nibble::grammar_from_regex(pattern);
            FAIL("no error");
        } catch (const nibble::error& problem) {
            CHECK(problem.code() == nibble::errc::schema_unsupported);
            CHECK(problem.where() == "regex");
        }
    }
}
