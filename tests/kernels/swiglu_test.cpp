// SPDX-License-Identifier: Apache-2.0
// SwiGLU against double arithmetic, at its extremes, and the vectors against the specification.
#include <nibble/kernels/swiglu.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "support/kernel_sets.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

std::vector<float> random_row(std::size_t n, unsigned seed, float scale) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(0, scale);
    std::vector<float> row(n);
    for (float& value : row) value = normal(engine);
    return row;
}

}  // namespace

TEST_CASE("swiglu is silu(gate) * up") {
    auto gate = random_row(5000, 5, 6);
    const auto old = gate, up = random_row(5000, 6, 1);
    kernels::swiglu_scalar(gate.data(), up.data(), gate.size());
    for (std::size_t i = 0; i < gate.size(); ++i) {
        const double g = static_cast<double>(old[i]);
        CHECK(static_cast<double>(gate[i]) ==
              Approx(g / (1 + std::exp(-g)) * static_cast<double>(up[i])).epsilon(3e-6).margin(1e-30));
    }
}

TEST_CASE("swiglu has no trouble with large gates") {
    const float huge = std::numeric_limits<float>::max();
    CHECK(kernels::swiglu(-1000, 0.5f) == 0);
    CHECK(kernels::swiglu(1000, 0.5f) == 500);
    CHECK(kernels::swiglu(-huge, 0.5f) == 0);
    CHECK(kernels::swiglu(huge, 0.5f) == huge / 2);
    CHECK(kernels::swiglu(0, 0.5f) == 0);
    CHECK(std::abs(kernels::swiglu(-88, 0.5f)) < 1e-30f);
    CHECK(kernels::swiglu(88, 0.5f) == 44);
    CHECK(std::isnan(kernels::swiglu(std::numeric_limits<float>::quiet_NaN(), 1)));
}

TEST_CASE("every kernel set computes the same bits, at any length") {
    for (const kernel_set* set : test::simd_sets())
        for (const std::size_t n : {0u, 1u, 7u, 8u, 61u, 1536u}) {
            auto expected = random_row(n, 7, 20), got = expected;
            const auto up = random_row(n, 8, 3);
            kernels::swiglu_scalar(expected.data(), up.data(), n);
            got.push_back(77);
            expected.push_back(77);
            set->swiglu(got.data(), up.data(), n);
            CAPTURE(n);
            CHECK(got == expected);
        }
}
