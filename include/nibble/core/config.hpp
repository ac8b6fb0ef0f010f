// SPDX-License-Identifier: Apache-2.0
// Compiler facts, what nibble cannot be compiled with, and the inline namespace that every nibble name lives in.
#pragma once

#include <nibble/version.hpp>

// What nibble refuses is one clear line. The file that does not exist ends the compilation, before other errors hide
// it.
#if defined(_MSVC_LANG) ? _MSVC_LANG < 202002L : __cplusplus < 202002L
#error "nibble needs C++20: compile with -std=c++20 or newer"
#include "the error above"
#elif defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "nibble reads weights where they lie in the file, which needs a little-endian machine"
#include "the error above"
#elif defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) ||           \
    defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__) || \
    defined(_M_FP_FAST)
#error \
    "nibble computes the same bits everywhere, which -ffast-math and its parts give up: compile this file without them"
#include "the error above"
#elif defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#error "nibble computes the same bits everywhere, which needs floats without excess precision: add -msse2 -mfpmath=sse"
#include "the error above"
#endif

#if defined(__x86_64__) || defined(_M_X64)
#define NIBBLE_X86_64 1
#else
#define NIBBLE_X86_64 0
#endif

#if defined(__aarch64__) || defined(_M_ARM64)
#define NIBBLE_AARCH64 1
#else
#define NIBBLE_AARCH64 0
#endif

#if defined(__clang__)
#define NIBBLE_CLANG 1
#else
#define NIBBLE_CLANG 0
#endif

#if defined(__wasi__) && !defined(_REENTRANT)
#define NIBBLE_HAS_THREADS 0
#else
#define NIBBLE_HAS_THREADS 1
#endif

// Code outside regions is compiled for whatever the user's flags allow, so two translation units of one program may
// hold different instructions for the same function. The results are the same bits, but a linker that merged the two
// could leave a unit for every CPU with instructions that only some have. The inline namespace carries the version and
// that level: such units get names of their own.
#if defined(__AVX512F__)
#define NIBBLE_ABI v0_1_avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define NIBBLE_ABI v0_1_avx2
#elif defined(__FMA__)
#define NIBBLE_ABI v0_1_fma
#elif defined(__AVX__)
#define NIBBLE_ABI v0_1_avx
#elif defined(__SSE4_2__)
#define NIBBLE_ABI v0_1_sse42
#elif defined(__SSE4_1__)
#define NIBBLE_ABI v0_1_sse41
#elif defined(__SSSE3__)
#define NIBBLE_ABI v0_1_ssse3
#elif defined(__ARM_FEATURE_SVE)
#define NIBBLE_ABI v0_1_sve
#elif defined(__ARM_FEATURE_MATMUL_INT8)
#define NIBBLE_ABI v0_1_i8mm
#elif defined(__ARM_FEATURE_DOTPROD)
#define NIBBLE_ABI v0_1_dotprod
#elif defined(__ARM_FEATURE_ATOMICS)
#define NIBBLE_ABI v0_1_lse
#else
#define NIBBLE_ABI v0_1
#endif

// Every unit of a program compiles what it uses of nibble, unless the program says NIBBLE_COMPILED: then one unit,
// which says NIBBLE_IMPLEMENTATION_UNIT too, compiles what takes long, and the others see its declarations. What is
// defined in that one unit alone has names of its own: it never stands in for an inline function of a unit that has its
// own.
#if defined(NIBBLE_IMPLEMENTATION_UNIT) && !defined(NIBBLE_COMPILED)
#define NIBBLE_COMPILED
#endif
#if defined(NIBBLE_COMPILED) && !defined(NIBBLE_IMPLEMENTATION_UNIT)
#define NIBBLE_HAS_DEFINITIONS 0
#else
#define NIBBLE_HAS_DEFINITIONS 1
#endif

#if defined(NIBBLE_COMPILED)
#define NIBBLE_FUNCTION
#define NIBBLE_NAMESPACE_BEGIN    \
    namespace nibble {            \
    inline namespace NIBBLE_ABI { \
    inline namespace compiled {
#define NIBBLE_NAMESPACE_END \
    }                        \
    }                        \
    }
#else
#define NIBBLE_FUNCTION inline
#define NIBBLE_NAMESPACE_BEGIN \
    namespace nibble {         \
    inline namespace NIBBLE_ABI {
#define NIBBLE_NAMESPACE_END \
    }                        \
    }
#endif
