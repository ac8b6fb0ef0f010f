// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/prefix_automaton.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "test.hpp"

using namespace nibble;

namespace {

/// Ends of all places where `pattern` is complete in `text`, not overlapping.
std::vector<std::size_t> ends(std::string_view pattern, std::string_view text) {
    const prefix_automaton<char> automaton{pattern};
    std::vector<std::size_t> out;
    std::size_t state = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        state = automaton.next(state, text[i]);
        if (state == automaton.size()) {
            out.push_back(i + 1);
            state = 0;
        }
    }
    return out;
}

}  // namespace

TEST_CASE("a pattern is found wherever a plain search finds it") {
    CHECK(ends("aab", "aaab") == std::vector<std::size_t>{4});
    CHECK(ends("abab", "abaabab") == std::vector<std::size_t>{7});
    std::mt19937 rng{5};
    for (int round = 0; round < 2000; ++round) {
        std::string pattern, text;
        for (auto n = 1 + rng() % 6; n > 0; --n) pattern += static_cast<char>('a' + rng() % 2);
        for (auto n = rng() % 40; n > 0; --n) text += static_cast<char>('a' + rng() % 2);
        std::vector<std::size_t> expected;
        for (std::size_t at = text.find(pattern); at != std::string::npos; at = text.find(pattern, expected.back()))
            expected.push_back(at + pattern.size());
        INFO(pattern << " in " << text);
        REQUIRE(ends(pattern, text) == expected);
    }
}
