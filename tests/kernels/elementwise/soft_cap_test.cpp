// SPDX-License-Identifier: Apache-2.0
// The soft cap: cap * tanh(x / cap), and what becomes of numbers at the ends.
#include <nibble/kernels/elementwise/soft_cap.hpp>

#include <cmath>
#include <limits>

#include "test.hpp"

using nibble::kernels::soft_cap_value;

TEST_CASE("a soft cap is cap * tanh(x / cap)") {
    for (const float cap : {0.001f, 1.0f, 30.0f, 50.0f, 1e6f})
        for (float x = -20; x <= 20; x += 0.037f) {
            CAPTURE(cap, x);
            const double exact =
                static_cast<double>(cap) * std::tanh(static_cast<double>(x) / static_cast<double>(cap));
            CHECK(std::abs(static_cast<double>(soft_cap_value(x, cap)) - exact) <= static_cast<double>(cap) * 2e-7);
            CHECK(soft_cap_value(-x, cap) == -soft_cap_value(x, cap));
        }
}

TEST_CASE("no number goes beyond the cap, and what is no number stays none") {
    constexpr float largest = std::numeric_limits<float>::max(), infinity = std::numeric_limits<float>::infinity();
    for (const float cap : {0.001f, 30.0f, 1e6f}) {
        CHECK(soft_cap_value(0, cap) == 0);
        CHECK(soft_cap_value(largest, cap) == cap);
        CHECK(soft_cap_value(-largest, cap) == -cap);
        CHECK(std::isnan(soft_cap_value(infinity, cap)));
        CHECK(std::isnan(soft_cap_value(std::numeric_limits<float>::quiet_NaN(), cap)));
    }
}
