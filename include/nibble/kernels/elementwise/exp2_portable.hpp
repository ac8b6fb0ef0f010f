// SPDX-License-Identifier: Apache-2.0
// Powers of two of four floats at once, portable vectors.
#pragma once

#include <cstddef>
#include <iterator>

#include <nibble/kernels/elementwise/exp2.hpp>
#include <nibble/simd/portable.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

inline portable::f32x4 exp2_nonpositive_portable(portable::f32x4 t) noexcept {
    using namespace portable;
    const f32x4 rounder = splat(exp2_rounder);
    t = larger(t, splat(exp2_lowest));
    const f32x4 shifted = t + rounder;
    const f32x4 f = t - (shifted - rounder);
    f32x4 p = splat(exp2_coefficients[0]);
    NIBBLE_UNROLL
    for (std::size_t i = 1; i < std::size(exp2_coefficients); ++i) p = portable::fma(p, f, splat(exp2_coefficients[i]));
    return float_of(bits_of(p) + shift_left<23>(bits_of(shifted)));
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
