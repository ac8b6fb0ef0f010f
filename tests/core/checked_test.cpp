// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/checked.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include "test.hpp"

using nibble::checked_size;

static_assert((checked_size{3u} * 4u + 5u).value() == 17u);
static_assert(checked_size{33u}.rounded_up(32).value() == 64u);
static_assert(!std::is_constructible_v<checked_size, int>);
static_assert(!std::is_constructible_v<checked_size, std::int64_t>);

namespace {

__extension__ using uint128 = unsigned __int128;
constexpr std::uint64_t max64 = std::numeric_limits<std::uint64_t>::max();

std::optional<std::uint64_t> exact(uint128 number) {
    return number > max64 ? std::nullopt : std::optional{static_cast<std::uint64_t>(number)};
}

/// Powers of two and their neighbours, factors of 2^64 + 1, and what lies at the ends.
std::vector<std::uint64_t> interesting() {
    std::vector<std::uint64_t> numbers{0, 3, 5, 144, 640, 274'177, 67'280'421'310'721, max64, max64 - 1, max64 - 31};
    for (unsigned e = 0; e < 64; ++e)
        for (const std::uint64_t around : {max64, std::uint64_t{0}, std::uint64_t{1}})
            numbers.push_back((std::uint64_t{1} << e) + around);
    return numbers;
}

}  // namespace

TEST_CASE("sums and products are exact or absent") {
    for (const std::uint64_t a : interesting())
        for (const std::uint64_t b : interesting()) {
            INFO(a << " and " << b);
            REQUIRE((checked_size{a} + b).value() == exact(uint128{a} + b));
            REQUIRE((checked_size{a} * b).value() == exact(uint128{a} * b));
        }
}

TEST_CASE("rounding up is exact or absent") {
    for (const std::uint64_t a : interesting())
        for (const std::uint64_t multiple : {1u, 7u, 8u, 32u, 64u, 65'536u}) {
            INFO(a << " to a multiple of " << multiple);
            REQUIRE(checked_size{a}.rounded_up(multiple).value() ==
                    exact((uint128{a} + multiple - 1) / multiple * multiple));
        }
}

TEST_CASE("an overflow stays, whatever follows") {
    const checked_size wrapped = checked_size{max64} + 1u;  // the bits are 0
    CHECK_FALSE(wrapped.value());
    CHECK_FALSE((wrapped * 0u).value());
    CHECK_FALSE((wrapped + 5u).value());
    CHECK_FALSE((checked_size{0u} * wrapped).value());
    CHECK_FALSE(wrapped.rounded_up(32).value());
    CHECK((checked_size{0u} * max64).value() == 0u);
}

TEST_CASE("sums, differences and products tell of their overflow as the compiler's own do") {
    const auto check = [](auto a, auto b) {
        using T = decltype(a);
        T mine = 0, its = 0;
        CHECK(nibble::add_overflows(a, b, mine) == __builtin_add_overflow(a, b, &its));
        CHECK(mine == its);
        CHECK(nibble::multiply_overflows(a, b, mine) == __builtin_mul_overflow(a, b, &its));
        CHECK(mine == its);
        if constexpr (std::is_signed_v<T>) {
            CHECK(nibble::subtract_overflows(a, b, mine) == __builtin_sub_overflow(a, b, &its));
            CHECK(mine == its);
        }
    };
    for (const std::uint64_t a : interesting())
        for (const std::uint64_t b : interesting()) {
            check(a, b);
            check(static_cast<std::int64_t>(a), static_cast<std::int64_t>(b));
        }
}
