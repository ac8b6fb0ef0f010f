// The portable vectors: every operation against the arrays of simd/lanes.hpp, which can be read, and floats against the
// scalar functions whose bits they promise.
#include <nibble/simd/portable.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include <nibble/core/float_math.hpp>
#include <nibble/core/half.hpp>
#include <nibble/simd/lanes.hpp>

#include "test.hpp"

using namespace nibble;

namespace {

constexpr std::uint8_t table[16] = {7, 255, 0, 128, 3, 99, 1, 14, 200, 127, 31, 15, 16, 254, 77, 5};

bool same(float a, float b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (a != a && b != b);
}

template <class T>
std::array<T, 16 / sizeof(T)> random_lanes(std::mt19937& random, int low, int high) {
    std::array<T, 16 / sizeof(T)> lanes;
    std::uniform_int_distribution<int> value{low, high};
    for (T& lane : lanes) lane = static_cast<T>(value(random));
    return lanes;
}

}  // namespace

/// An expression of vectors of `simd`, lanes of type T, in both forms.
#define CHECK_LANES(T, ...)                              \
    {                                                    \
        std::array<T, 16 / sizeof(T)> got{}, expected{}; \
        {                                                \
            namespace simd = nibble::portable;           \
            simd::store(got.data(), __VA_ARGS__);        \
        }                                                \
        {                                                \
            namespace simd = nibble::lanes;              \
            simd::store(expected.data(), __VA_ARGS__);   \
        }                                                \
        CHECK(got == expected);                          \
    }

TEST_CASE("every operation on integers is that of plain arrays") {
    std::mt19937 random{1};
    for (int i = 0; i < 200; ++i) {
        const auto bytes = random_lanes<std::uint8_t>(random, 0, 255),
                   more = random_lanes<std::uint8_t>(random, 0, 255);
        const auto a = random_lanes<std::int16_t>(random, -8064, 8064),
                   b = random_lanes<std::int16_t>(random, -1016, 1016);
        const auto s = random_lanes<std::int32_t>(random, -1000000, 1000000);
        const auto t = random_lanes<std::int32_t>(random, -30000, 30000);
        const auto* u8 = bytes.data();
        const auto *x = a.data(), *y = b.data();
        const auto *p = s.data(), *q = t.data();

        CHECK_LANES(std::uint8_t,
                    (simd::load(u8) & simd::load(more.data())) | (simd::load(u8) ^ simd::load(more.data())));
        CHECK_LANES(std::uint8_t, simd::bits<0, 4, 0>(simd::load(u8)));
        CHECK_LANES(std::uint8_t, simd::bits<4, 4, 0>(simd::load(u8)));
        CHECK_LANES(std::uint8_t, simd::bits<1, 1, 4>(simd::load(u8)));
        CHECK_LANES(std::uint8_t, simd::bits<6, 2, 4>(simd::load(u8)));
        CHECK_LANES(std::uint8_t, simd::load(u8) + simd::load(more.data()));
        CHECK_LANES(std::uint8_t, simd::multiply_high(simd::load(u8), simd::load(more.data())));
        CHECK_LANES(std::uint8_t, simd::look_up<table, 0>(u8));
        CHECK_LANES(std::uint8_t, simd::look_up<table, 4>(u8));
        const std::uint64_t low = random() * 0x100000001ull, high = random() * 0x1000003ull;
        CHECK_LANES(std::uint8_t, simd::from_words(low, high));
        CHECK_LANES(std::int16_t, simd::widen_low(simd::load(u8)));
        CHECK_LANES(std::int16_t, simd::widen_high(simd::load(u8)));
        CHECK_LANES(std::int32_t, simd::widen_low(simd::load(x)));
        CHECK_LANES(std::int32_t, simd::widen_high(simd::load(x)));
        CHECK_LANES(std::int16_t, simd::splat_lane<2>(simd::load(x)));
        CHECK_LANES(std::int16_t, simd::splat_lane<7>(simd::load(x)));
        CHECK_LANES(std::int16_t, simd::multiply(simd::load(x), simd::load(y)));
        CHECK_LANES(std::int16_t, simd::load(x) + simd::load(y) - simd::splat<std::int16_t>(3));
        CHECK_LANES(std::int16_t, simd::narrow(simd::load(q), simd::load(q)));
        CHECK_LANES(std::int32_t, simd::transpose_sum(simd::load(p), simd::load(q), simd::load(q), simd::load(p)));
        CHECK_LANES(std::int32_t, simd::from_lanes(p[0], p[1], p[2], p[3]));
        CHECK_LANES(std::int32_t, simd::shift_left<13>(simd::load(q)));
        CHECK_LANES(std::int32_t, simd::greater(simd::load(p), simd::load(q)));
        CHECK_LANES(std::int32_t, simd::bits_of(simd::to_float(simd::load(p))));

        // which lanes a product goes to is left open
        std::array<std::int32_t, 4> got{}, expected{};
        portable::store(got.data(), portable::add_products(portable::load(p), portable::load(x), portable::load(y)));
        lanes::store(expected.data(), lanes::add_products(lanes::load(p), lanes::load(x), lanes::load(y)));
        CHECK(got[0] + got[1] + got[2] + got[3] == expected[0] + expected[1] + expected[2] + expected[3]);

        std::array<std::int32_t, 4> largest{}, chosen{};
        portable::store(largest.data(), portable::max(portable::load(p), portable::load(q)));
        portable::store(chosen.data(), portable::select(portable::greater(portable::load(q), portable::splat(0)),
                                                        portable::load(p), portable::load(q)));
        for (std::size_t lane = 0; lane < 4; ++lane) {
            CHECK(largest[lane] == std::max(p[lane], q[lane]));
            CHECK(chosen[lane] == (q[lane] > 0 ? p[lane] : q[lane]));
        }
    }
}

TEST_CASE("every operation on floats is that of plain arrays") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::array<float, 8> values{0.5f, -1.5f, 2.5f, -0.0f, 126.5f, -3.4999998f, 1e-40f, 7.0f};
    const float *x = values.data(), *y = x + 4;
    CHECK_LANES(std::int32_t, simd::round_to_int(simd::load(x)));
    CHECK_LANES(std::int32_t, simd::round_to_int(simd::load(y)));
    CHECK_LANES(float, simd::load(x) + simd::load(y));
    CHECK_LANES(float, simd::load(x) - simd::load(y));
    CHECK_LANES(float, simd::load(x) * simd::load(y));
    CHECK_LANES(float, simd::divide(simd::load(x), simd::load(y)));
    CHECK_LANES(float, simd::evens(simd::load(x), simd::load(y)));
    CHECK_LANES(float, simd::odds(simd::load(x), simd::load(y)));
    CHECK_LANES(float, simd::zip_low(simd::load(x), simd::load(y)));
    CHECK_LANES(float, simd::zip_high(simd::load(x), simd::load(y)));
    CHECK_LANES(float, simd::larger(simd::load(x), simd::load(y)));
    CHECK_LANES(float, simd::larger(simd::splat(nan), simd::load(y)));
    CHECK_LANES(float, simd::from_lanes(x[0], x[1], x[2], x[3]));
    CHECK_LANES(float, simd::float_of(simd::bits_of(simd::load(x))));

    std::array<float, 4> negated{};
    portable::store(negated.data(), portable::negated(portable::load(x)));
    for (std::size_t lane = 0; lane < 4; ++lane) CHECK(same(negated[lane], -x[lane]));
    const std::array<float, 4> uneven{1.0f, 0x1p-24f, -1.0f, 0x1p-25f};  // the order of the sums counts
    CHECK(portable::fold(portable::load(uneven.data())) == 0x1.8p-24f);
}

TEST_CASE("halves of all bits become floats") {
    std::size_t n_wrong = 0;
    for (std::int32_t half = 0; half < 0x10000; ++half) {
        std::array<float, 4> got{};
        portable::store(got.data(), portable::half_to_float(portable::splat(half | -0x10000)));
        n_wrong += !same(got[static_cast<std::size_t>(half % 4)], half_to_float(static_cast<std::uint16_t>(half)));
    }
    CHECK(n_wrong == 0);
}

TEST_CASE("a fused multiply-add is rounded once in every lane") {
    const float infinity = std::numeric_limits<float>::infinity(), largest = std::numeric_limits<float>::max();
    const float edges[] = {0.0f,
                           -0.0f,
                           1.0f,
                           -1.0f,
                           1 + 0x1p-23f,
                           1 - 0x1p-24f,
                           0x1p-24f,
                           0x1p-23f,
                           0x1p-60f,
                           -0x1p-75f,
                           0x1p-75f,
                           0x1p-149f,
                           -0x1p-149f,
                           0x1p-126f,
                           0x1.8p-24f,
                           0x1p-148f,
                           0x1.fffffep+0f,
                           0x1p+100f,
                           largest,
                           -largest,
                           infinity,
                           -infinity,
                           std::numeric_limits<float>::quiet_NaN()};
    std::size_t n_wrong = 0;
    const auto check = [&](const std::array<float, 4>& a, const std::array<float, 4>& b,
                           const std::array<float, 4>& c) {
        std::array<float, 4> got{}, got_int{};
        std::array<std::int32_t, 4> n{};
        for (std::size_t lane = 0; lane < 4; ++lane) n[lane] = std::bit_cast<std::int32_t>(b[lane]) >> 7 * lane;
        const auto x = portable::load(a.data()), z = portable::load(c.data());
        portable::store(got.data(), portable::fma(x, portable::load(b.data()), z));
        portable::store(got_int.data(), portable::fma_int(x, portable::load(n.data()), z));
        for (std::size_t lane = 0; lane < 4; ++lane) {
            n_wrong += !same(got[lane], detail::emulated_fma(a[lane], b[lane], c[lane]));
            n_wrong += !same(got_int[lane], detail::emulated_fma(a[lane], static_cast<float>(n[lane]), c[lane]));
        }
    };
    for (const float a : edges)
        for (const float b : edges)
            for (const float c : edges) check({a, b, a, 1.0f}, {b, c, -b, a}, {c, a, c, b});

    std::mt19937_64 random{1};
    const auto any = [&] { return std::bit_cast<float>(static_cast<std::uint32_t>(random())); };
    const auto about = [&](float value) {  // a float whose exponent is within 30 of that of `value`, often of few bits
        const auto bits = std::bit_cast<std::uint32_t>(value);
        const int exponent = static_cast<int>(bits >> 23 & 255u) + static_cast<int>(random() % 61) - 30;
        return std::bit_cast<float>(
            (bits & 0x80000000u) | static_cast<std::uint32_t>(std::clamp(exponent, 0, 254)) << 23 |
            static_cast<std::uint32_t>(random() % 8 == 0 ? random() % 4 : random() & 0x7fffffu));
    };
    for (int i = 0; i < 300'000; ++i) {
        std::array<float, 4> a, b, c;
        for (std::size_t lane = 0; lane < 4; ++lane) {
            a[lane] = any();
            b[lane] = i % 2 ? any() : about(1.0f);
            c[lane] = i % 3 == 0 ? any() : about(a[lane] * b[lane]) * (i % 4 < 2 ? 1.0f : -1.0f);
        }
        check(a, b, c);
    }
    CHECK(n_wrong == 0);
}

TEST_CASE("a sum that a double takes for halfway between two floats is rounded once") {
    // c plus (2^23 + 1) (2^23 - 1) = 2^46 - 1 times a power of two: just less than half of its last bit
    constexpr std::int32_t n = (1 << 23) + 1;
    const auto from_exponent = [](float value, int exponent) { return portable::splat(std::ldexp(value, exponent)); };
    std::size_t n_wrong = 0;
    for (int exponent = -128; exponent <= 80; ++exponent)
        for (const float sign : {1.0f, -1.0f}) {
            const int last_bit = std::max(exponent - 23, -149), scale = last_bit - 1 - 46;
            const float c = std::ldexp(1.0f, exponent) + std::ldexp(1.0f, last_bit), odd = sign * ((1 << 23) - 1);
            const auto expect_c = [&](portable::f32x4 got) {
                std::array<float, 4> lanes{};
                portable::store(lanes.data(), got);
                for (const float lane : lanes) n_wrong += lane != c;
            };
            expect_c(
                portable::fma(from_exponent(odd, scale / 2), from_exponent(n, scale - scale / 2), portable::splat(c)));
            if (scale >= -149)
                expect_c(portable::fma_int(from_exponent(odd, scale), portable::splat(n), portable::splat(c)));
        }
    CHECK(n_wrong == 0);
}
