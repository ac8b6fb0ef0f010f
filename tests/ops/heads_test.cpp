// SPDX-License-Identifier: Apache-2.0
// Heads between product and attention: norm in pieces, rotation, scale, in this order and only where there are any.
#include <nibble/ops/heads.hpp>

#include <cmath>
#include <vector>

#include <nibble/kernels/best.hpp>

#include "test.hpp"

using namespace nibble;

namespace {

using row = std::vector<float>;

constexpr head_rules rules{.head_dim = 4, .rope_dims = 4, .pairing = rope_pairing::halves, .eps = 0};

row finished(row heads, const head_steps& steps, const head_rules& by = rules) {
    finish_heads(scalar_set().elementwise, by, steps, heads.data(), heads.size() / by.head_dim);
    return heads;
}

}  // namespace

TEST_CASE("heads with no step stay as they are") {
    CHECK(finished({1, 2, 3, 4, 5, 6, 7, 8}, {}) == row{1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("a norm works in pieces of its own length") {
    const row of_head{1, 1, 1, 2}, of_row{1, 1, 1, 2, 3, 1, 1, 1};
    const row heads{2, 2, 2, 2, 6, 6, 6, 6};
    CHECK(finished(heads, {.norm = of_head}) == row{1, 1, 1, 2, 1, 1, 1, 2});
    const auto whole = finished(heads, {.norm = of_row});
    const double rms = std::sqrt((4.0 + 36.0) / 2);
    for (std::size_t i = 0; i < 8; ++i)
        CHECK(static_cast<double>(whole[i]) == Approx(static_cast<double>(heads[i] * of_row[i]) / rms));
}

TEST_CASE("the leading values of a head turn, in the pairs of the family") {
    const row cos_sin{0, 1, 0, 1};  // two right angles: (a, b) becomes (-b, a)
    CHECK(finished({1, 2, 3, 4}, {{}, cos_sin.data()}) == row{-3, -4, 1, 2});
    auto other = rules;
    other.pairing = rope_pairing::interleaved;
    CHECK(finished({1, 2, 3, 4}, {{}, cos_sin.data()}, other) == row{-2, 1, -4, 3});
    other.rope_dims = 2;
    CHECK(finished({1, 2, 3, 4, 5, 6, 7, 8}, {{}, cos_sin.data()}, other) == row{-2, 1, 3, 4, -6, 5, 7, 8});
}

TEST_CASE("first the norm, then the rotation, then the scale") {
    const row weight{1, 2, 3, 4}, cos_sin{0, 1, 0, 1};
    CHECK(finished({2, 2, 2, 2}, {weight, cos_sin.data()}) == row{-3, -4, 1, 2});
    CHECK(finished({2, 2, 2, 2}, {weight, cos_sin.data(), 0.5f}) == row{-1.5f, -2, 0.5f, 1});
}

TEST_CASE("where heads turn first, the norm comes after the rotation") {
    const row weight{1, 2, 3, 4}, cos_sin{0, 1, 0, 1};
    auto other = rules;
    other.turn_first = true;
    CHECK(finished({2, 2, 2, 2}, {weight, cos_sin.data(), 0.5f}, other) == row{-0.5f, -1, 1.5f, 2});
}

TEST_CASE("queries grow from one period to the next, by the logarithm of its number") {
    const query_growth growth{.scale = 0.5f, .period = 16};
    for (const std::size_t position : {0u, 15u}) CHECK(growth.at(position) == 1);
    for (const std::size_t position : {16u, 31u, 32u, 1600u, 1'000'000u})
        CHECK(static_cast<double>(growth.at(position)) ==
              Approx(1 + 0.5 * std::log(1 + std::floor(static_cast<double>(position) / 16))).epsilon(1e-7));
    CHECK(growth.at(16) == growth.at(31));
    CHECK(query_growth{}.at(1'000'000) == 1);
}
