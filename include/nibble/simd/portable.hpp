// SPDX-License-Identifier: Apache-2.0
// The one place that includes xsimd: float vectors as wide as the user's flags allow, for elementwise code.
#pragma once

#include <cstddef>

#include <xsimd/xsimd.hpp>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A vector of floats: 4 in a baseline x86-64 build, 8 with AVX, 16 with AVX-512. Integer and half kernels, which xsimd
/// has no operations for and cannot switch on per function, live in target regions instead (simd/region.hpp).
using float_vector = xsimd::batch<float>;

inline constexpr std::size_t float_lanes = float_vector::size;

[[nodiscard]] inline float_vector load_floats(const float* p) noexcept { return float_vector::load_unaligned(p); }

inline void store_floats(float* p, const float_vector& v) noexcept { v.store_unaligned(p); }

NIBBLE_NAMESPACE_END
