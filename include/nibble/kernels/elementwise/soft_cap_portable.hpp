// SPDX-License-Identifier: Apache-2.0
// Soft caps of four floats at once, portable vectors.
#pragma once

#include <nibble/kernels/elementwise/exp2_portable.hpp>
#include <nibble/kernels/elementwise/soft_cap.hpp>
#include <nibble/simd/portable.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

inline portable::f32x4 soft_cap_portable(portable::f32x4 x, float cap) noexcept {
    using namespace portable;
    const f32x4 one = splat(1.0f);
    const i32x4 sign = bits_of(splat(-0.0f));
    const f32x4 e = exp2_nonpositive_portable(float_of(bits_of(x * splat(tanh_octaves / cap)) | sign));
    const f32x4 magnitude = divide(portable::fma(splat(cap), one - e, x - x), one + e);
    return float_of(bits_of(magnitude) | (bits_of(x) & sign));
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
