// SPDX-License-Identifier: Apache-2.0
// The soft cap of attention scores and logits: one formula, the same bits in plain C++ and in vectors.
#pragma once

#include <cmath>

#include <nibble/core/config.hpp>
#include <nibble/core/float_math.hpp>
#include <nibble/kernels/elementwise/exp2.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// tanh(y) = (1 - e) / (1 + e) with e = 2^(-tanh_octaves * y), for y >= 0.
inline constexpr float tanh_octaves = 2.8853901f;  // 2 log2(e)

/// cap * tanh(x / cap) within cap * 2e-7; NaN where x is not finite, which x - x sees to. `cap` > 0.
[[nodiscard]] inline float soft_cap_value(float x, float cap) noexcept {
    const float e = exp2_nonpositive(-std::fabs(exact_product(x, tanh_octaves / cap)));
    return std::copysign(exact_fma(cap, 1.0f - e, x - x) / (1.0f + e), x);
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
