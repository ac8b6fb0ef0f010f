// SPDX-License-Identifier: Apache-2.0
#include "test.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

#include <nibble/generate/token_weight.hpp>

using nibble::exp_weight;

TEST_CASE("exp_weight is 2^40 exp(-x) within its bound", "[token_weight]") {
    double worst_relative = 0, worst_units = 0;
    for (int i = 0; i < 300000; ++i) {
        const double below = i * 1e-4;
        const double exact = std::ldexp(std::exp(-below), 40);
        const double error = std::abs(static_cast<double>(exp_weight(below)) - exact);
        if (exact >= 0x1p28)
            worst_relative = std::max(worst_relative, error / exact);
        else
            worst_units = std::max(worst_units, error);
    }
    CHECK(worst_relative < 0x1p-27);
    CHECK(worst_units < 2.0);
}

TEST_CASE("exp_weight at the ends of its range", "[token_weight]") {
    STATIC_REQUIRE(exp_weight(0.0) == nibble::weight_of_best);
    CHECK(exp_weight(27.7) == 1);
    CHECK(exp_weight(27.8) == 0);
    CHECK(exp_weight(1e300) == 0);
    CHECK(exp_weight(std::numeric_limits<double>::infinity()) == 0);
    CHECK(exp_weight(std::numeric_limits<double>::quiet_NaN()) == 0);
    CHECK(exp_weight(5e-324) == nibble::weight_of_best);
}

TEST_CASE("exp_weight is fixed for all machines", "[token_weight]") {
    CHECK(exp_weight(0.5) == 666887513088u);
    CHECK(exp_weight(1.0) == 404487723264u);
    CHECK(exp_weight(10.0) == 49917750u);
}

TEST_CASE("log2_of counts from the best token's weight", "[token_weight]") {
    STATIC_REQUIRE(nibble::log2_of(nibble::weight_of_best) == 0.0);
    CHECK(nibble::log2_of(1) == -40);
    CHECK(nibble::log2_of(3 * nibble::weight_of_best) == Approx(std::log2(3.0)).epsilon(1e-14));
}
