// SPDX-License-Identifier: Apache-2.0
// Compiler facts and the inline namespace that every nibble name lives in.
#pragma once

#include <nibble/version.hpp>

#if defined(__x86_64__) || defined(_M_X64)
#define NIBBLE_X86_64 1
#else
#define NIBBLE_X86_64 0
#endif

#if defined(__clang__)
#define NIBBLE_CLANG 1
#else
#define NIBBLE_CLANG 0
#endif

// The elementwise float code is compiled for whatever the user's flags allow, so two translation units of one
// program may hold different code for it. The inline namespace carries the version and that level: such units
// get names of their own instead of being merged silently by the linker.
#if defined(__AVX512F__)
#define NIBBLE_ABI v0_1_avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define NIBBLE_ABI v0_1_avx2
#elif defined(__AVX__)
#define NIBBLE_ABI v0_1_avx
#elif defined(__SSE4_2__)
#define NIBBLE_ABI v0_1_sse42
#else
#define NIBBLE_ABI v0_1
#endif

#define NIBBLE_NAMESPACE_BEGIN \
    namespace nibble {         \
    inline namespace NIBBLE_ABI {
#define NIBBLE_NAMESPACE_END \
    }                        \
    }
