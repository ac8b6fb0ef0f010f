// SPDX-License-Identifier: Apache-2.0
// Many guesses where they come true, none where they do not, and a look now and then.
#include <nibble/generate/draft_length.hpp>

#include <algorithm>

#include "test.hpp"

using nibble::detail::draft_length;

namespace {

constexpr nibble::pass_costs passes{1.2f, 1.5f, 2.2f, 4.1f};

/// Guesses in the n-th of so many turns, the first `true_of` of which come true.
std::size_t guesses(draft_length& length, std::size_t turns, std::size_t most, std::size_t true_of) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < turns; ++i) {
        const std::size_t k = length.next(most);
        CHECK(k <= most);
        n += k;
        if (k > 0) length.note(k, std::min(k, true_of));
    }
    return n;
}

}  // namespace

TEST_CASE("guesses that come true get longer, up to the most", "[draft_length]") {
    draft_length length{0, passes};
    const std::size_t first = length.next(15);
    CHECK(first > 0);
    guesses(length, 20, 15, 15);
    CHECK(length.next(15) > first);
    CHECK(length.next(15) >= 7);
    CHECK(length.next(4) > 0);
    CHECK(length.next(4) <= 4);
    CHECK(length.next(0) == 0);
}

TEST_CASE("guesses that never come true end, but for one now and then", "[draft_length]") {
    draft_length length{0, passes};
    guesses(length, 40, 15, 0);
    const std::size_t n = guesses(length, 480, 15, 0);
    CHECK(n > 0);
    CHECK(n <= 480 / 20);
    // and when they do again, it is found out
    guesses(length, 480, 15, 15);
    CHECK(length.next(15) > 4);
}

TEST_CASE("what costs as much as it saves is left alone", "[draft_length]") {
    draft_length cheap{0.05, passes}, dear{0.8, passes};
    guesses(cheap, 40, 15, 15);
    guesses(dear, 40, 15, 15);
    CHECK(cheap.next(15) > 0);
    dear.note(1, 0);
    std::size_t n = 0;
    for (int i = 0; i < 150; ++i) n += dear.next(15);
    CHECK(n == 1);
}
