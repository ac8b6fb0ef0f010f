// SPDX-License-Identifier: Apache-2.0
#include "test.hpp"

#include <array>

#include <nibble/core/error.hpp>

#include <nibble/generate/logprob_records.hpp>

using namespace nibble;

TEST_CASE("each token has its log-probability and those beside it") {
    detail::logprob_records records;
    records.reserve(2, 2);
    records.add({7, -0.5f}, std::array{token_logprob{7, -0.5f}, token_logprob{3, -1.0f}});
    records.add({4, 0.0f}, {});                                                              // one that was not sampled
    records.add({2, -2.0f}, std::array{token_logprob{5, -0.25f}, token_logprob{2, -2.0f}});  // beyond what was reserved
    CHECK(records.picked(0).id == 7);
    REQUIRE(records.top(0).size() == 2);
    CHECK(records.top(0)[1].id == 3);
    CHECK(records.top(1).empty());
    CHECK(records.picked(2).logprob == -2.0f);
    CHECK(records.top(2)[0].id == 5);
    CHECK_THROWS_AS(records.picked(3), error);
}
