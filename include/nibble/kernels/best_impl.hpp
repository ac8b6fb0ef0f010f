// SPDX-License-Identifier: Apache-2.0
// Definitions of kernels/best.hpp: the sets of this build, where the kernels are compiled.
#pragma once

#include <array>

#include <nibble/core/array_view.hpp>
#include <nibble/kernels/best.hpp>
#include <nibble/kernels/isa/avx2.hpp>
#include <nibble/kernels/isa/avx512.hpp>
#include <nibble/kernels/isa/neon.hpp>
#include <nibble/kernels/isa/portable.hpp>
#include <nibble/kernels/isa/scalar.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION array_view<const kernel_set*> kernel_sets() noexcept {
    static constexpr std::array sets {
#if NIBBLE_X86_64
        &avx512_vnni_kernels, &avx2_kernels,
#elif NIBBLE_AARCH64
        &neon_i8mm_kernels, &neon_dotprod_kernels, &neon_kernels,
#endif
            &portable_kernels, &scalar_kernels,
    };
    return sets;
}

NIBBLE_NAMESPACE_END
