// SPDX-License-Identifier: Apache-2.0
#include "test.hpp"

#include <algorithm>
#include <vector>

#include <nibble/generate/repetition.hpp>
#include <nibble/generate/rng.hpp>

using nibble::token;

namespace {

std::vector<std::uint32_t> lengths_of(const std::vector<token>& window, std::size_t n_vocab, token breaker = -1) {
    nibble::token_counts lengths(n_vocab);
    std::vector<std::uint32_t> matches(window.size());
    nibble::repetition_lengths(
        window, [&](token id) { return id == breaker; }, matches, lengths);
    return lengths;
}

/// The definition, compared position by position.
std::vector<std::uint32_t> plain_lengths(const std::vector<token>& window, std::size_t n_vocab, token breaker) {
    std::vector<std::uint32_t> lengths(n_vocab);
    for (std::size_t next = 1; next < window.size(); ++next) {  // would window[next] continue what stood before it?
        std::uint32_t length = 0;
        while (length < next && window[next - 1 - length] == window[window.size() - 1 - length] &&
               window[next - 1 - length] != breaker)
            ++length;
        auto& longest = lengths[static_cast<std::size_t>(window[next])];
        longest = std::max(longest, length);
    }
    return lengths;
}

}  // namespace

TEST_CASE("repetition lengths of small histories", "[repetition]") {
    CHECK(lengths_of({}, 4) == std::vector<std::uint32_t>{0, 0, 0, 0});
    CHECK(lengths_of({1}, 4) == std::vector<std::uint32_t>{0, 0, 0, 0});
    CHECK(lengths_of({1, 2, 3, 1, 2}, 4) == std::vector<std::uint32_t>{0, 0, 0, 2});
    CHECK(lengths_of({1, 1, 1, 1}, 2) == std::vector<std::uint32_t>{0, 3});
    CHECK(lengths_of({1, 2, 3, 1, 2}, 4, 1) == std::vector<std::uint32_t>{0, 0, 0, 1});
    CHECK(lengths_of({1, 2, 3, 1, 2}, 4, 2) == std::vector<std::uint32_t>{0, 0, 0, 0});
}

TEST_CASE("repetition lengths agree with their definition", "[repetition]") {
    nibble::random_generator random{11};
    for (int round = 0; round < 300; ++round) {
        const std::size_t n = random.next() % 60;
        const std::uint64_t kinds = 1 + random.next() % 4;
        std::vector<token> window(n);
        for (auto& id : window) id = static_cast<token>(random.next() % kinds);
        const token breaker = static_cast<token>(random.next() % 6);
        REQUIRE(lengths_of(window, 6, breaker) == plain_lengths(window, 6, breaker));
    }
}

TEST_CASE("counts are of the window and clear to zero", "[repetition]") {
    const std::vector<token> history{0, 1, 1, 2, 2, 2};
    nibble::token_counts counts(3);
    const auto window = nibble::last_tokens(history, 4);
    nibble::count_tokens(window, counts);
    CHECK(counts == nibble::token_counts{0, 1, 3});
    nibble::clear_counts(window, counts);
    CHECK(counts == nibble::token_counts{0, 0, 0});
    CHECK(nibble::last_tokens(history, -1).size() == 6);
    CHECK(nibble::last_tokens(history, 0).empty());
    CHECK(nibble::last_tokens(history, 100).size() == 6);
}
