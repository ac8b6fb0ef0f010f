// SPDX-License-Identifier: Apache-2.0
// Products of bytes on 64-bit Arm: what the instruction sets differ in. Everything else of their kernels is shared.
#pragma once

#include <nibble/simd/region.hpp>

#if NIBBLE_AARCH64

// The instructions stand as text: clang before 16 hides their intrinsics outside a build for such a processor. A
// function with one belongs to no region by itself; as NIBBLE_INLINE it becomes a part of whatever calls it, through
// templates that are NIBBLE_INLINE too, and that has to be a function of the region.

NIBBLE_NAMESPACE_BEGIN
namespace neon {

/// Without an extension.
struct widening {
    /// The products of 16 bytes, added up in four lanes; which of them go to which lane is left open.
    /// Two products of at most 128 * 127 fit 16 bits.
    NIBBLE_INLINE static int32x4_t products(int8x16_t a, int8x16_t b) noexcept {
        return vpaddlq_s16(vmlal_high_s8(vmull_s8(vget_low_s8(a), vget_low_s8(b)), a, b));
    }
};

/// With dotprod: four products a lane.
struct dotprod {
    NIBBLE_INLINE static int32x4_t products(int8x16_t a, int8x16_t b) noexcept {
        int32x4_t sums = vdupq_n_s32(0);
#if defined(_MSC_VER) && !NIBBLE_CLANG
        sums = vdotq_s32(sums, a, b);
#else
        asm("sdot %0.4s, %1.16b, %2.16b" : "+w"(sums) : "w"(a), "w"(b));
#endif
        return sums;
    }

    /// Adds to lane i of `sums` bytes 4i .. 4i + 3 of `a` times bytes 4 Lane .. 4 Lane + 3 of `b`.
    template <int Lane>
    NIBBLE_INLINE static int32x4_t add_lane(int32x4_t sums, int8x16_t a, int8x16_t b) noexcept {
#if defined(_MSC_VER) && !NIBBLE_CLANG
        sums = vdotq_laneq_s32(sums, a, b, Lane);
#else
        asm("sdot %0.4s, %1.16b, %2.4b[%3]" : "+w"(sums) : "w"(a), "w"(b), "n"(Lane));
#endif
        return sums;
    }
};

/// With i8mm: the halves of `a` are two rows, those of `b` two tokens. Adds to `sums` row 0 times token 0, row 0 times
/// token 1, row 1 times token 0, row 1 times token 1: eight products each.
NIBBLE_INLINE int32x4_t add_matrix(int32x4_t sums, int8x16_t a, int8x16_t b) noexcept {
#if defined(_MSC_VER) && !NIBBLE_CLANG
    sums = vmmlaq_s32(sums, a, b);
#else
    asm("smmla %0.4s, %1.16b, %2.16b" : "+w"(sums) : "w"(a), "w"(b));
#endif
    return sums;
}

}  // namespace neon
NIBBLE_NAMESPACE_END

#endif
