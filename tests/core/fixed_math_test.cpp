// SPDX-License-Identifier: Apache-2.0
// Fixed-point functions: close to the exact ones, defined for every number, and the same bits on every machine.
#include <nibble/core/fixed_math.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "support/fnv.hpp"
#include "test.hpp"

namespace fixed = nibble::fixed;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double smallest = std::numeric_limits<double>::denorm_min();
constexpr std::uint64_t turn_64th = std::uint64_t{1} << 58;

long double radians(fixed::phase_t phase) {
    return static_cast<long double>(phase) * 0x1p-64L * 6.283185307179586476925286766559L;
}

}  // namespace

TEST_CASE("mul_high is the upper half of the product") {
    std::mt19937_64 engine(1);
    for (int i = 0; i < 10000; ++i) {
        const std::uint64_t a = engine() >> engine() % 64, b = engine() >> engine() % 64;
        std::uint64_t high = 0, low = 0;  // bit by bit
        for (int bit = 63; bit >= 0; --bit) {
            high = high << 1 | low >> 63;
            low <<= 1;
            if ((b >> bit & 1) != 0) {
                low += a;
                if (low < a) ++high;
            }
        }
        REQUIRE(fixed::mul_high(a, b) == high);
    }
    STATIC_REQUIRE(fixed::mul_high(~std::uint64_t{0}, ~std::uint64_t{0}) == ~std::uint64_t{0} - 1);
}

TEST_CASE("log2 is exact for powers of two, also subnormal ones, and close elsewhere") {
    for (int k = -1074; k < 1024; ++k) {
        CAPTURE(k);
        CHECK(fixed::log2(std::ldexp(1.0, k)) == k);
    }
    std::mt19937_64 engine(2);
    std::uniform_real_distribution<double> mantissa{1, 2};
    for (int i = 0; i < 20000; ++i) {
        const double x = std::ldexp(mantissa(engine), static_cast<int>(engine() % 61) - 30);
        const double exact = std::log2(x);
        REQUIRE(std::abs(fixed::log2(x) - exact) <= 0x1p-51 + std::abs(exact) * 0x1p-52);
    }
}

TEST_CASE("exp2 is exact for whole numbers, close elsewhere and ends at its ends") {
    for (int k = -1000; k <= 1000; ++k) {
        CAPTURE(k);
        CHECK(fixed::exp2(k) == std::ldexp(1.0, k));
    }
    std::mt19937_64 engine(3);
    std::uniform_real_distribution<double> exponent{-60, 60};
    for (int i = 0; i < 20000; ++i) {
        const double x = exponent(engine);
        REQUIRE(std::abs(fixed::exp2(x) / std::exp2(x) - 1) <= 0x1p-51);
    }
    for (const double x : {1000.5, 1e300, infinity}) CHECK(fixed::exp2(x) == std::ldexp(1.0, 1000));
    for (const double x : {-1000.5, -1e300, -infinity, not_a_number}) CHECK(fixed::exp2(x) == std::ldexp(1.0, -1000));
    CHECK(fixed::exp2(smallest) == 1);
}

TEST_CASE("phase_of keeps the fraction of a turn") {
    constexpr std::uint64_t quarter = std::uint64_t{1} << 62;
    for (const double turns : {0.25, 1.25, -7.75, 0x1p50 + 0.25}) CHECK(fixed::phase_of(turns) == quarter);
    CHECK(fixed::phase_of(-0.25) == 3 * quarter);
    CHECK(fixed::phase_of(0x1p-64) == 1);
    CHECK(fixed::phase_of(0x1.8p-64) == 1);
    CHECK(fixed::phase_of(0x1p-65) == 0);
    CHECK(fixed::phase_of(1 - 0x1p-53) == ~std::uint64_t{0} - 2047);
    for (const double turns : {0.0, 1.0, 1e300, infinity, smallest, 1e-300}) CHECK(fixed::phase_of(turns) == 0);
}

TEST_CASE("cos_sin is exact at quarters and close elsewhere") {
    STATIC_REQUIRE(fixed::cos_sin(0).cosine == 1);
    STATIC_REQUIRE(fixed::cos_sin(0).sine == 0);
    for (const std::uint64_t quarter : {0u, 1u, 2u, 3u}) {
        const auto [cosine, sine] = fixed::cos_sin(quarter << 62);
        CHECK(cosine == (quarter == 0 ? 1 : quarter == 2 ? -1 : 0));
        CHECK(sine == (quarter == 1 ? 1 : quarter == 3 ? -1 : 0));
    }
    std::mt19937_64 engine(4);
    long double worst = 0;
    for (int i = 0; i < 100000; ++i) {
        // anywhere, and close to a 64th of a turn
        const fixed::phase_t phase = i % 2 == 0 ? engine() : (engine() % 64) * turn_64th + engine() % 4096 - 2048;
        const auto [cosine, sine] = fixed::cos_sin(phase);
        worst = std::max(worst, std::abs(static_cast<long double>(cosine) - std::cos(radians(phase))));
        worst = std::max(worst, std::abs(static_cast<long double>(sine) - std::sin(radians(phase))));
    }
    CHECK(worst <= 0x1p-45L);
}

TEST_CASE("cosine and sine rise and fall without a step back where their pieces meet") {
    // The pieces meet at odd eighths of a turn; there a step of 2^-40 turns moves both by 2^-38, the error is 2^-45.
    constexpr std::uint64_t step = std::uint64_t{1} << 24, eighth = std::uint64_t{1} << 61;
    for (const std::uint64_t odd : {1u, 3u, 5u, 7u})
        for (std::uint64_t phase = odd * eighth - 50 * step, i = 0; i < 100; ++i, phase += step) {
            CAPTURE(odd, i);
            const auto here = fixed::cos_sin(phase), next = fixed::cos_sin(phase + step);
            CHECK((next.cosine < here.cosine) == (odd < 4));
            CHECK((next.sine > here.sine) == (odd == 1 || odd == 7));
        }
}

TEST_CASE("the bits are fixed for all machines") {
    nibble::test::fnv hash;
    std::mt19937_64 engine(5);
    for (int i = 0; i < 10000; ++i) {
        const auto [cosine, sine] = fixed::cos_sin(engine());
        for (const double value : {cosine, sine, fixed::log2(static_cast<double>(engine())),
                                   fixed::exp2(static_cast<double>(engine() >> 11) * 0x1p-47 - 32)})
            hash.add(std::bit_cast<std::uint64_t>(value));
    }
    CHECK(hash.value == 0x1ff3403b9580b845);
}
