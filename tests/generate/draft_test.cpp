// SPDX-License-Identifier: Apache-2.0
// Guesses from the text itself.
#include <nibble/generate/draft.hpp>

#include <vector>

#include "test.hpp"

using nibble::prompt_lookup;
using nibble::token;

namespace {

std::vector<token> guessed(const std::vector<token>& text, std::size_t most) {
    prompt_lookup lookup;
    std::vector<token> out{-1};  // what is there stays
    lookup.guess(text, most, {}, out);
    CHECK(out.front() == -1);
    return {out.begin() + 1, out.end()};
}
using tokens = std::vector<token>;

}  // namespace

TEST_CASE("what followed the last tokens before is guessed again", "[draft]") {
    CHECK(guessed({1, 2, 3, 4, 5, 6, 9, 1, 2, 3}, 3) == tokens{4, 5, 6});
    CHECK(guessed({1, 2, 3, 4, 5, 6, 9, 1, 2, 3}, 100) == tokens{4, 5, 6, 9, 1, 2, 3});
    CHECK(guessed({1, 2, 3, 4, 5, 6, 9, 1, 2, 3}, 0).empty());
    CHECK(prompt_lookup{}.cost() == 0);
}

TEST_CASE("the longest repetition counts, of equal ones the latest", "[draft]") {
    CHECK(guessed({7, 1, 2, 3, 10, 8, 1, 2, 3, 11, 7, 1, 2, 3}, 1) == tokens{10});
    CHECK(guessed({1, 2, 3, 10, 1, 2, 3, 11, 1, 2, 3}, 1) == tokens{11});
    CHECK(guessed({5, 5, 5, 5}, 4) == tokens{5});  // it may reach into itself
}

TEST_CASE("two equal tokens say nothing, and a text without repetition says nothing", "[draft]") {
    CHECK(guessed({2, 3, 4, 1, 2, 3}, 5).empty());
    CHECK(guessed({1, 2, 3, 4, 5, 6}, 5).empty());
    for (const auto& text : {tokens{}, tokens{1}, tokens{1, 1}, tokens{1, 1, 1}}) CHECK(guessed(text, 5).empty());
}
