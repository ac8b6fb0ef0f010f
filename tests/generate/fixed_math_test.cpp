// SPDX-License-Identifier: Apache-2.0
#include "test.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

#include <nibble/generate/fixed_math.hpp>

using nibble::exp_weight;
using nibble::fixed_log2;

TEST_CASE("exp_weight is 2^40 exp(-x) within its bound", "[fixed_math]") {
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

TEST_CASE("exp_weight at the ends of its range", "[fixed_math]") {
    STATIC_REQUIRE(exp_weight(0.0) == nibble::weight_of_best);
    CHECK(exp_weight(27.7) == 1);
    CHECK(exp_weight(27.8) == 0);
    CHECK(exp_weight(1e300) == 0);
    CHECK(exp_weight(std::numeric_limits<double>::infinity()) == 0);
    CHECK(exp_weight(std::numeric_limits<double>::quiet_NaN()) == 0);
    CHECK(exp_weight(5e-324) == nibble::weight_of_best);
}

TEST_CASE("exp_weight is fixed for all machines", "[fixed_math]") {
    CHECK(exp_weight(0.5) == 666887513088u);
    CHECK(exp_weight(1.0) == 404487723264u);
    CHECK(exp_weight(10.0) == 49917750u);
}

TEST_CASE("fixed_log2 is exact for powers of two and close elsewhere", "[fixed_math]") {
    for (unsigned k = 0; k < 64; ++k) CHECK(fixed_log2(std::uint64_t{1} << k) == static_cast<double>(k));
    double worst = 0;
    for (double value = 1; value < 1e18; value *= 1.001) {
        const auto whole = static_cast<std::uint64_t>(value);
        worst = std::max(worst, std::abs(fixed_log2(whole) - std::log2(static_cast<double>(whole))));
    }
    CHECK(worst < 0x1p-25);
    CHECK(fixed_log2(std::numeric_limits<std::uint64_t>::max()) == Approx(64.0));
}
