// SPDX-License-Identifier: Apache-2.0
// Powers of two for softmax, SiLU and GELU: one polynomial, the same bits in plain C++ and in vectors.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include <nibble/core/config.hpp>
#include <nibble/core/float_math.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// 2^t for t <= 0 within 1 ulp; exactly 1 at 0; exactly 0 at -127 and below, -infinity included, and for NaN.
/// t = n + f with n the nearest integer: a polynomial for 2^f, n added to the exponent bits. The coefficients are the
/// minimax ones of relative error on [-1/2, 1/2] with the constant term held at 1 (4e-9 before rounding).
/// Adding 1.5 * 2^23 rounds t to an integer, which then stands in the low bits of the sum.
inline constexpr float exp2_rounder = 0x1.8p23f;
inline constexpr float exp2_lowest = -127.0f;
inline constexpr float exp2_coefficients[] = {
    0x1.446c7ep-13f, 0x1.5f88fep-10f, 0x1.3b29e4p-7f, 0x1.c6ae2cp-5f, 0x1.ebfbe0p-3f, 0x1.62e432p-1f, 1.0f};

/// `t` must not be a bare product: a compiler could fuse it with the addition below (core/float_math.hpp).
[[nodiscard]] inline float exp2_nonpositive(float t) noexcept {
    t = t > exp2_lowest ? t : exp2_lowest;
    const float shifted = t + exp2_rounder;
    const float f = t - (shifted - exp2_rounder);
    float p = exp2_coefficients[0];
    for (std::size_t i = 1; i < std::size(exp2_coefficients); ++i) p = exact_fma(p, f, exp2_coefficients[i]);
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) + (std::bit_cast<std::uint32_t>(shifted) << 23));
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
