// SPDX-License-Identifier: Apache-2.0
// The elementwise kernels against plain double arithmetic, at every length up to a few vectors.
#include <nibble/kernels/elementwise.hpp>

#include <cmath>
#include <random>
#include <vector>

#include "test.hpp"

using namespace nibble;

namespace {

std::vector<float> random_row(std::size_t n, unsigned seed, float scale = 1) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(0, scale);
    std::vector<float> row(n);
    for (float& value : row) value = normal(engine);
    return row;
}

}  // namespace

TEST_CASE("add_row adds") {
    for (std::size_t n = 0; n <= 70; ++n) {
        auto x = random_row(n, 1);
        const auto old = x, y = random_row(n, 2);
        kernels::add_row(x.data(), y.data(), n);
        for (std::size_t i = 0; i < n; ++i) CHECK(x[i] == old[i] + y[i]);
    }
}

TEST_CASE("a row ends where it ends") {
    for (std::size_t n = 0; n <= 40; ++n) {
        std::vector<float> x(n + 1, 1.0f);
        const std::vector<float> y(n, 2.0f);
        x[n] = 77;
        kernels::add_row(x.data(), y.data(), n);
        kernels::rms_norm_row(x.data(), y.data(), 1e-6f, x.data(), n);
        CHECK(x[n] == 77);
    }
}

TEST_CASE("rms_norm_row is x / sqrt(mean(x^2) + eps) * w") {
    for (const std::size_t n : {1u, 3u, 16u, 63u, 64u, 100u, 576u, 2048u, 11008u}) {
        const auto x = random_row(n, 3, 0.02f), w = random_row(n, 4);
        std::vector<float> out(n);
        kernels::rms_norm_row(x.data(), w.data(), 1e-5f, out.data(), n);
        double sum = 0;
        for (const float value : x) sum += static_cast<double>(value) * static_cast<double>(value);
        const double scale = 1 / std::sqrt(sum / static_cast<double>(n) + 1e-5);
        for (std::size_t i = 0; i < n; ++i)
            CHECK(static_cast<double>(out[i]) ==
                  Approx(static_cast<double>(x[i]) * static_cast<double>(w[i]) * scale).epsilon(2e-6));
    }
}

TEST_CASE("rotate_row turns consecutive pairs") {
    std::vector<float> x{1, 0, 0, 1, 3, 4};
    const std::vector<float> turns{0, 1, 0, 1, 1, 0};  // a right angle, a right angle, nothing
    kernels::rotate_row(x.data(), turns.data(), 6);
    CHECK(x == std::vector<float>{0, 1, -1, 0, 3, 4});
}
