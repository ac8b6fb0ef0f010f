// SPDX-License-Identifier: Apache-2.0
// Float operations whose bits no compiler, flag or C library can change: a product, and a fused multiply-add.
#pragma once

#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>

#include <nibble/core/config.hpp>

// Two things make plain float code differ between builds. A compiler may fuse a product with the addition that follows,
// which skips a rounding: GCC does so wherever the target has the instruction. And std::fma is as good as the C library
// that computes it: without the instruction, some libraries round it twice (MinGW-w64's own one: 28 % of random
// triples are wrong). Specified scalar code therefore uses these two, and nowhere a bare product next to an addition.

NIBBLE_NAMESPACE_BEGIN

/// a * b, rounded once. The product of two floats is exact in double (24 + 24 bits of 53), and no compiler may skip the
/// rounding to float that follows.
[[nodiscard]] inline float exact_product(float a, float b) noexcept {
    return static_cast<float>(static_cast<double>(a) * static_cast<double>(b));
}

namespace detail {

/// a * b + c, rounded once, for machines without the instruction. The sum of the exact product and c is rounded to odd
/// in double: where it is inexact, the last bit is set, which keeps the later rounding to float from ever seeing a tie
/// that is none (Boldo and Melquiond, Emulation of FMA and correctly rounded sums, 2008; 53 >= 24 + 2 bits suffice).
/// The error of the sum is exact (Knuth's TwoSum), and a fused product changes nothing here, being exact already.
[[nodiscard]] inline float emulated_fma(float a, float b, float c) noexcept {
    const double product = static_cast<double>(a) * static_cast<double>(b), addend = static_cast<double>(c);
    const double sum = product + addend;
    const double part = sum - product;
    const double error = (product - (sum - part)) + (addend - part);
    auto bits = std::bit_cast<std::uint64_t>(sum);
    if ((error > 0 || error < 0) && (bits & 1) == 0)  // neither for an infinity or a NaN, whose error is NaN
        bits += (error > 0) == (sum > 0) ? std::uint64_t{1} : ~std::uint64_t{0};
    return static_cast<float>(std::bit_cast<double>(bits));
}

}  // namespace detail

/// a * b + c, rounded once.
[[nodiscard]] inline float exact_fma(float a, float b, float c) noexcept {
#if defined(__FMA__) || defined(__aarch64__) || defined(__FP_FAST_FMAF)
    return std::fma(a, b, c);  // one instruction
#else
    return detail::emulated_fma(a, b, c);
#endif
}

NIBBLE_NAMESPACE_END
