// SPDX-License-Identifier: Apache-2.0
// Powers of two: exact where they must be, and within one unit of the last place elsewhere.
#include <nibble/kernels/elementwise/exp2.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "test.hpp"

using nibble::kernels::exp2_nonpositive;

TEST_CASE("exp2_nonpositive is 2^t within one unit of the last place") {
    CHECK(exp2_nonpositive(0.0f) == 1.0f);
    CHECK(exp2_nonpositive(-0.0f) == 1.0f);
    CHECK(exp2_nonpositive(-1.0f) == 0.5f);
    CHECK(exp2_nonpositive(-126.0f) == 0x1p-126f);
    CHECK(exp2_nonpositive(-127.0f) == 0.0f);
    CHECK(exp2_nonpositive(-1e30f) == 0.0f);
    CHECK(exp2_nonpositive(-std::numeric_limits<float>::infinity()) == 0.0f);
    double worst = 0;
    for (float t = 0; t > -125; t -= 0.00137f)
        worst =
            std::max(worst, std::abs(static_cast<double>(exp2_nonpositive(t)) / std::exp2(static_cast<double>(t)) - 1));
    CHECK(worst < 1e-7);
}
