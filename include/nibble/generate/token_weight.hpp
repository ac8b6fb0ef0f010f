// SPDX-License-Identifier: Apache-2.0
// Probabilities as integers: one different bit is enough to pick another token and with it another text.
#pragma once

#include <cstdint>

#include <nibble/core/config.hpp>
#include <nibble/core/fixed_math.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A probability, not normalised: 2^40 is that of the best token. The sum over n tokens is at most n * 2^40, so it
/// fits for vocabularies of up to 2^24 tokens.
using weight_t = std::uint64_t;
inline constexpr weight_t weight_of_best = weight_t{1} << 40;

/// 2^40 * exp(-below): the weight of a token whose logit lies `below` >= 0 under the best one. Relative error at most
/// 2^-27 while the weight is above 2^28, else 2 units; 0 from 40 octaves (27.7) on and for NaN. For every candidate of
/// every token, so shorter than fixed::exp2: 7 products of 32 bits.
[[nodiscard]] constexpr weight_t exp_weight(double below) noexcept {
    // 2^-f on [0, 1) as c0 - c1 f + c2 f^2 - ..., all in units of 2^-31; c0 = 1 exactly, the others are a
    // Chebyshev fit of degree 7, off by at most 2^-28.6. Every intermediate is positive and at most 2^31.
    constexpr std::uint64_t coefficients[] = {0x4e100,    0x2b9458,   0x13b20d4, 0x71ac093,
                                              0x1ebfbde5, 0x58b90bfc, 0x80000000};
    constexpr double octaves_per_unit = 1.4426950408889634;  // log2(e)
    const double octaves = below * octaves_per_unit;
    if (!(octaves < 40.0)) return 0;
    const auto fixed = static_cast<std::uint64_t>(static_cast<std::int64_t>(octaves * 0x1p32));  // below 40 * 2^32
    const std::uint64_t fraction = fixed & 0xffffffffu;
    std::uint64_t value = 0x5ed3;
    for (const auto c : coefficients) value = c - ((value * fraction) >> 32);
    return (value << 9) >> (fixed >> 32);
}

/// log2 of a weight or a sum of weights > 0, where the best token's is 0.
[[nodiscard]] constexpr double log2_of(weight_t weight) noexcept {
    return fixed::log2(static_cast<double>(weight)) - 40.0;
}

NIBBLE_NAMESPACE_END
