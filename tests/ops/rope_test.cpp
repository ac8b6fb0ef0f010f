// SPDX-License-Identifier: Apache-2.0
// Rotary embedding: speeds, scaling, and that scores depend on distances alone.
#include <nibble/ops/rope.hpp>

#include <nibble/kernels/elementwise/elementwise.hpp>

#include <array>
#include <cmath>
#include <vector>

#include "test.hpp"

using namespace nibble;

namespace {

/// Angle of each pair at `position`, from its cosine and sine.
std::vector<double> angles(const rotation& rope, std::size_t position) {
    std::vector<float> turns(rope.dims());
    rope.cos_sin(position, turns.data());
    std::vector<double> out;
    for (std::size_t i = 0; i < turns.size(); i += 2)
        out.push_back(std::atan2(static_cast<double>(turns[i + 1]), static_cast<double>(turns[i])));
    return out;
}

double length(const rotation& rope, std::size_t position, std::size_t pair) {
    std::vector<float> turns(rope.dims());
    rope.cos_sin(position, turns.data());
    return std::hypot(static_cast<double>(turns[2 * pair]), static_cast<double>(turns[2 * pair + 1]));
}

}  // namespace

TEST_CASE("pair i turns by base^(-2i/dims) a position") {
    const rotation rope{128, 5e6};
    CHECK(rope.dims() == 128);
    const auto at_1 = angles(rope, 1);
    REQUIRE(at_1.size() == 64);
    for (std::size_t i = 0; i < 64; ++i)
        CHECK(at_1[i] == Approx(std::pow(5e6, -2.0 * static_cast<double>(i) / 128)).epsilon(1e-6));
}

TEST_CASE("angles keep their precision at far positions") {
    const rotation rope{128, 5e6};
    std::vector<float> turns(128);
    rope.cos_sin(65535, turns.data());
    for (std::size_t i = 0; i < 64; ++i) {
        const long double angle = 65535 * std::pow(5e6L, -2.0L * static_cast<long double>(i) / 128);
        CHECK(static_cast<double>(turns[2 * i]) == Approx(static_cast<double>(std::cos(angle))).margin(1e-7));
        CHECK(static_cast<double>(turns[2 * i + 1]) == Approx(static_cast<double>(std::sin(angle))).margin(1e-7));
    }
}

TEST_CASE("position 0 does not turn") {
    const rotation rope{8, 10000};
    for (const double angle : angles(rope, 0)) CHECK(angle == 0);
}

TEST_CASE("rope_freqs divide the speeds") {
    rotation rope{4, 100};
    const std::array<float, 2> divisors{2, 8};
    rope.divide(divisors);
    const auto at_1 = angles(rope, 1);
    CHECK(at_1[0] == Approx(0.5));
    CHECK(at_1[1] == Approx(0.1 / 8));
}

TEST_CASE("linear scaling slows all pairs alike") {
    rotation plain{64, 10000}, rope{64, 10000};
    rope.interpolate(4);
    const auto slow = angles(rope, 4), fast = angles(plain, 1);
    for (std::size_t i = 0; i < 32; ++i) CHECK(slow[i] == Approx(fast[i]));
}

TEST_CASE("YaRN keeps fast pairs, interpolates slow ones and raises the magnitude") {
    // SmolLM3 stretched from 65,536 to 131,072: the ramp goes from pair 24 to pair 39
    rotation plain{128, 5e6}, rope{128, 5e6};
    rope.interpolate_yarn(2, 65536, 32, 1);
    rope.set_magnitude(rotation::yarn_magnitude(2));
    const auto at_1 = angles(plain, 1), stretched = angles(rope, 1);
    for (std::size_t i = 0; i < 64; ++i) {
        const double kept = i <= 24 ? 1 : i >= 39 ? 0 : 1 - (static_cast<double>(i) - 24) / 15;
        CHECK(stretched[i] == Approx(at_1[i] * ((1 - kept) / 2 + kept)).epsilon(1e-5));
        CHECK(length(rope, 1000, i) == Approx(1.0693147).epsilon(1e-6));
        CHECK(length(plain, 1000, i) == Approx(1).epsilon(1e-6));
    }
}

TEST_CASE("rope turns the leading values of each head and no others") {
    const rotation rope{4, 10};
    std::vector<float> turns(4);
    rope.cos_sin(3, turns.data());
    std::vector<float> heads{1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6};  // two heads of 6
    kernels::elementwise_scalar::rope_interleaved(heads.data(), 2, 6, turns.data(), 4);
    for (const std::size_t head : {0u, 6u}) {
        CHECK(heads[head] == Approx(std::cos(3.0) - 2 * std::sin(3.0)));
        CHECK(heads[head + 1] == Approx(std::sin(3.0) + 2 * std::cos(3.0)));
        CHECK(heads[head + 4] == 5);
        CHECK(heads[head + 5] == 6);
    }
}

TEST_CASE("the product of a rotated query and key depends on their distance alone") {
    const rotation rope{8, 10000};
    const std::array<float, 8> q{1, -2, 3, 0.5f, -1, 2, 0.25f, 4}, k{2, 1, -1, 3, 0.5f, -2, 1, 1};
    const auto score = [&](std::size_t q_position, std::size_t k_position) {
        auto a = q, b = k;
        std::array<float, 8> turns;
        rope.cos_sin(q_position, turns.data());
        kernels::elementwise_scalar::rope_interleaved(a.data(), 1, 8, turns.data(), 8);
        rope.cos_sin(k_position, turns.data());
        kernels::elementwise_scalar::rope_interleaved(b.data(), 1, 8, turns.data(), 8);
        double sum = 0;
        for (std::size_t i = 0; i < 8; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
        return sum;
    };
    CHECK(score(5, 2) == Approx(score(1005, 1002)).epsilon(1e-5));
    CHECK(score(5, 2) != Approx(score(5, 3)).epsilon(1e-3));
}
