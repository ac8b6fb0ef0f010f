// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/half.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "test.hpp"

using namespace nibble;

static_assert(half_to_float(0x3c00) == 1.0f && float_to_half(1.0f) == 0x3c00);
static_assert(bf16_to_float(0x3f80) == 1.0f && float_to_bf16(1.0f) == 0x3f80);

namespace {

std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }
float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// A 16-bit float format: 1 sign bit, `exponent_bits`, the rest fraction. What IEEE 754 says, in doubles, which hold
/// every number and every midpoint of both formats and of float exactly.
struct format {
    int exponent_bits;

    [[nodiscard]] int fraction_bits() const { return 15 - exponent_bits; }
    [[nodiscard]] int bias() const { return (1 << (exponent_bits - 1)) - 1; }
    [[nodiscard]] unsigned infinity() const { return ((1u << exponent_bits) - 1) << fraction_bits(); }

    /// Magnitude of the number with these 15 bits; infinity as the number that would follow the largest.
    [[nodiscard]] double magnitude(unsigned bits) const {
        const int exponent = static_cast<int>(bits >> fraction_bits());
        const unsigned fraction = bits & ((1u << fraction_bits()) - 1);
        const unsigned significand = exponent == 0 ? fraction : fraction + (1u << fraction_bits());
        return std::ldexp(significand, std::max(exponent, 1) - bias() - fraction_bits());
    }

    /// The 16 bits nearest to a float that is no NaN; of two, the even one.
    [[nodiscard]] unsigned nearest(float value) const {
        const unsigned sign = std::signbit(value) ? 0x8000u : 0u;
        const double wanted = std::fabs(static_cast<double>(value));
        unsigned low = 0, high = infinity();  // magnitude(low) <= wanted, and high is past it
        if (wanted >= magnitude(high)) return sign | infinity();
        while (high - low > 1) {
            const unsigned middle = (low + high) / 2;
            (magnitude(middle) <= wanted ? low : high) = middle;
        }
        const double below = wanted - magnitude(low), above = magnitude(high) - wanted;
        const bool up = above < below || (above == below && low % 2 == 1);
        return sign | (up ? high : low);
    }
};

constexpr format binary16{5}, bfloat16{8};

template <class Convert>
void check_rounding(const format& f, Convert convert) {
    const auto check = [&](float value) {
        for (const float signed_value : {value, -value})
            if (convert(signed_value) != f.nearest(signed_value))
                FAIL("0x" << std::hex << bits_of(signed_value) << ": got " << convert(signed_value) << ", nearest is "
                          << f.nearest(signed_value));
    };
    for (unsigned bits = 0; bits < f.infinity(); ++bits) {
        // a number, the midpoint to the next one, and the floats beside both
        const double here = f.magnitude(bits), next = f.magnitude(bits + 1);
        for (const double exact : {here, (here + next) / 2}) {
            const auto value = static_cast<float>(exact);
            check(value);
            check(std::nextafter(value, 0.0f));
            check(std::nextafter(value, std::numeric_limits<float>::infinity()));
        }
    }
    std::mt19937 random{1};
    for (int i = 0; i < 1'000'000; ++i) {
        const float value = float_of(static_cast<std::uint32_t>(random()));
        if (!std::isnan(value)) check(value);
    }
    check(std::numeric_limits<float>::infinity());
    check(std::numeric_limits<float>::max());
    check(std::numeric_limits<float>::denorm_min());
}

}  // namespace

TEST_CASE("all 65,536 half values widen exactly") {
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
        const float value = half_to_float(static_cast<std::uint16_t>(bits));
        INFO("0x" << std::hex << bits);
        REQUIRE(std::signbit(value) == ((bits & 0x8000u) != 0));
        if ((bits & 0x7fffu) < 0x7c00u) {
            REQUIRE(static_cast<double>(std::fabs(value)) == binary16.magnitude(bits & 0x7fffu));
        } else if ((bits & 0x7fffu) == 0x7c00u) {
            REQUIRE(std::isinf(value));
        } else {  // NaN: made quiet, the payload in the upper bits
            REQUIRE((bits_of(value) & 0x7fffffffu) == (0x7fc00000u | (bits & 0x3ffu) << 13));
        }
    }
}

TEST_CASE("all 65,536 bfloat16 values widen exactly") {
    for (unsigned bits = 0; bits < 0x10000; ++bits)
        REQUIRE(bits_of(bf16_to_float(static_cast<std::uint16_t>(bits))) == bits << 16);
    CHECK(static_cast<double>(bf16_to_float(0x7f7f)) == bfloat16.magnitude(0x7f7f));
    CHECK(static_cast<double>(bf16_to_float(1)) == bfloat16.magnitude(1));
}

TEST_CASE("every value survives the way to float and back, NaN as a quiet NaN") {
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
        const auto narrow = static_cast<std::uint16_t>(bits);
        const bool half_nan = (bits & 0x7fffu) > 0x7c00u, bf16_nan = (bits & 0x7fffu) > 0x7f80u;
        REQUIRE(float_to_half(half_to_float(narrow)) == (half_nan ? bits | 0x200u : bits));
        REQUIRE(float_to_bf16(bf16_to_float(narrow)) == (bf16_nan ? bits | 0x40u : bits));
    }
}

TEST_CASE("a float becomes the nearest half, of two the even one") { check_rounding(binary16, float_to_half); }

TEST_CASE("a float becomes the nearest bfloat16, of two the even one") { check_rounding(bfloat16, float_to_bf16); }

TEST_CASE("a NaN never becomes a number") {
    for (const std::uint32_t bits : {0x7f800001u, 0x7f801fffu, 0x7fc00000u, 0x7fffffffu, 0xff800001u, 0xffffffffu}) {
        CHECK(std::isnan(half_to_float(float_to_half(float_of(bits)))));
        CHECK(std::isnan(bf16_to_float(float_to_bf16(float_of(bits)))));
        CHECK((float_to_half(float_of(bits)) & 0x8000u) == (bits >> 16 & 0x8000u));
        CHECK((float_to_bf16(float_of(bits)) & 0x8000u) == (bits >> 16 & 0x8000u));
    }
}
