// SPDX-License-Identifier: Apache-2.0
// Rotary embedding: frequencies, scaling, the same bits everywhere, and that scores depend on distances alone.
#include <nibble/ops/rope.hpp>

#include <nibble/kernels/elementwise/elementwise.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/fnv.hpp"
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

TEST_CASE("cosines and sines are as good as floats can be, also at far positions") {
    constexpr double bound = 0x1p-25 + 0x1p-32;  // half a unit of a float, and the angle's error
    std::vector<float> out(128);
    for (const double base : {10000.0, 1.5e5, 5e5, 1e6, 5e6}) {
        const rotation rope{128, base};
        for (const std::size_t position : {1u, 2u, 100u, 4095u, 65535u, 131072u, 1000003u, 1048576u}) {
            CAPTURE(base, position);
            rope.cos_sin(position, out.data());
            double worst = 0;
            for (std::size_t i = 0; i < 64; ++i) {
                const long double angle =
                    static_cast<long double>(position) *
                    std::pow(static_cast<long double>(base), -2.0L * static_cast<long double>(i) / 128);
                worst =
                    std::max(worst, std::abs(static_cast<double>(out[2 * i]) - static_cast<double>(std::cos(angle))));
                worst = std::max(worst,
                                 std::abs(static_cast<double>(out[2 * i + 1]) - static_cast<double>(std::sin(angle))));
            }
            CHECK(worst < bound);
        }
    }
}

TEST_CASE("cosines and sines have the same bits on every machine") {
    rotation plain{128, 5e6}, linear{96, 10000}, yarn{128, 1e6}, divided{64, 5e5};
    linear.interpolate(2.5);
    yarn.interpolate_yarn(4, 32768, 32, 1);
    yarn.set_magnitude(rotation::yarn_magnitude(4));
    std::vector<float> divisors(32);
    for (std::size_t i = 0; i < 32; ++i) divisors[i] = 1 + static_cast<float>(i) * 0.25f;
    divided.divide(divisors);
    test::fnv hash;
    for (const rotation* rope : {&plain, &linear, &yarn, &divided})
        for (std::size_t position = 0; position < 1u << 20; position += 4099) {
            std::vector<float> out(rope->dims());
            rope->cos_sin(position, out.data());
            for (const float value : out) hash.add(std::bit_cast<std::uint32_t>(value));
        }
    CHECK(hash.value == 0xf1a0df244abb17f8);
}

TEST_CASE("no positive number leads to anything but a cosine and a sine") {
    constexpr double numbers[] = {5e-324, 1e-300, 1e-30, 0.5, 1, 1.5, 1e30, 1e300};
    for (const double base : numbers)
        for (const double factor : numbers)
            for (const double context : numbers) {
                CAPTURE(base, factor, context);
                rotation rope{8, base};
                rope.divide(std::array{1e-45f, 1e-20f, 1.0f, 3e38f});
                rope.interpolate(factor);
                rope.interpolate_yarn(factor, context, 32, 1);
                rope.set_magnitude(rotation::yarn_magnitude(factor));
                for (std::size_t pair = 0; pair < 4; ++pair) CHECK(length(rope, std::size_t(-1), pair) < 100);
            }
}

TEST_CASE("position 0 does not turn") {
    const rotation rope{8, 10000};
    for (const double angle : angles(rope, 0)) CHECK(angle == 0);
}

TEST_CASE("rope_freqs divide the frequencies") {
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

TEST_CASE("YaRN's ramp may begin and end between pairs") {
    // gpt-oss: from pair 8.09 to pair 17.40
    rotation plain{64, 150000}, rope{64, 150000};
    rope.interpolate_yarn(32, 4096, 32, 1, false);
    const auto at_1 = angles(plain, 1), stretched = angles(rope, 1);
    const auto pair_of = [](double turns) {
        return 64 * std::log(4096 / (turns * 2 * std::numbers::pi)) / (2 * std::log(150000.0));
    };
    const double low = pair_of(32), high = pair_of(1);
    CHECK(low == Approx(8.09).epsilon(1e-3));
    CHECK(high == Approx(17.40).epsilon(1e-3));
    for (std::size_t i = 0; i < 32; ++i) {
        const double kept = 1 - std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
        CHECK(stretched[i] == Approx(at_1[i] * ((1 - kept) / 32 + kept)).epsilon(1e-5));
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
