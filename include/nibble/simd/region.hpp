// SPDX-License-Identifier: Apache-2.0
// Regions of code compiled for one instruction set inside a baseline translation unit.
#pragma once

#include <nibble/core/config.hpp>

// NIBBLE_REGION_BEGIN_X ... NIBBLE_REGION_END pushes and pops the target attribute, so nobody needs -mavx2 and one
// binary serves every CPU. Rules inside a region:
//   - everything is included before the region begins;
//   - only plain functions and templates whose callers are in a region of the same set: lambdas and std algorithms
//     do not inherit the attribute, and vectors must not cross into baseline code;
//   - no namespace-scope or static vectors: their initialisers would run on any CPU;
//   - a region function is called through a pointer chosen at run time, for whole rows, never per dot product.
// Both compilers contract a multiplication and an addition of the same expression into one fma if they may; kernels
// whose results are specified bit for bit therefore write every fma themselves and never add a bare product.

#if NIBBLE_X86_64
#include <immintrin.h>

#if NIBBLE_CLANG
#define NIBBLE_REGION_BEGIN_AVX2 \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,fma,f16c\"))), apply_to = function)")
// The pragma takes one string literal, however long.
// clang-format off
#define NIBBLE_REGION_BEGIN_AVX512_VNNI \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni\"))), apply_to = function)")
// clang-format on
#define NIBBLE_REGION_END _Pragma("clang attribute pop")
#elif defined(__GNUC__)
#define NIBBLE_REGION_BEGIN_AVX2 _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,fma,f16c\")")
#define NIBBLE_REGION_BEGIN_AVX512_VNNI \
    _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni\")")
#define NIBBLE_REGION_END _Pragma("GCC pop_options")
#else  // MSVC takes the intrinsics of all instruction sets everywhere
#define NIBBLE_REGION_BEGIN_AVX2
#define NIBBLE_REGION_BEGIN_AVX512_VNNI
#define NIBBLE_REGION_END
#endif

#elif NIBBLE_AARCH64
#include <arm_neon.h>

// NEON is in every baseline; regions are for what only some processors have. Compilers name the extensions in ways that
// exclude each other: g++ needs the whole architecture where the flags stand for an older one, and takes no lesser one.
#if NIBBLE_CLANG
#define NIBBLE_REGION_BEGIN_NEON_DOTPROD \
    _Pragma("clang attribute push(__attribute__((target(\"dotprod\"))), apply_to = function)")
#define NIBBLE_REGION_BEGIN_NEON_I8MM \
    _Pragma("clang attribute push(__attribute__((target(\"dotprod,i8mm\"))), apply_to = function)")
#define NIBBLE_REGION_END _Pragma("clang attribute pop")
#elif defined(_MSC_VER)  // takes every intrinsic everywhere
#define NIBBLE_REGION_BEGIN_NEON_DOTPROD
#define NIBBLE_REGION_BEGIN_NEON_I8MM
#define NIBBLE_REGION_END
#elif defined(__ARM_FEATURE_DOTPROD) || defined(__ARM_FEATURE_COMPLEX) || defined(__ARM_FEATURE_SVE)
#define NIBBLE_REGION_BEGIN_NEON_DOTPROD _Pragma("GCC push_options") _Pragma("GCC target(\"+dotprod\")")
#define NIBBLE_REGION_BEGIN_NEON_I8MM _Pragma("GCC push_options") _Pragma("GCC target(\"+dotprod+i8mm\")")
#define NIBBLE_REGION_END _Pragma("GCC pop_options")
#else
#define NIBBLE_REGION_BEGIN_NEON_DOTPROD \
    _Pragma("GCC push_options") _Pragma("GCC target(\"arch=armv8.2-a+crypto+fp16+dotprod\")")
#define NIBBLE_REGION_BEGIN_NEON_I8MM \
    _Pragma("GCC push_options") _Pragma("GCC target(\"arch=armv8.2-a+crypto+fp16+dotprod+i8mm\")")
#define NIBBLE_REGION_END _Pragma("GCC pop_options")
#endif

#endif

/// NIBBLE_UNROLL unrolls the loop that follows, whose trip count is a small constant: register arrays stay in
/// registers. NIBBLE_ROLLED keeps a loop as it is. NIBBLE_INLINE is for the inner functions of a kernel: clang
/// otherwise leaves a large one out of line, and its register arrays go through memory (31 instead of 42 MAC a cycle).
/// NIBBLE_RARE is for what a kernel hardly ever calls: it stays out of line and out of the way.
#if NIBBLE_CLANG
#define NIBBLE_UNROLL _Pragma("clang loop unroll(full)")
#define NIBBLE_ROLLED _Pragma("clang loop unroll(disable)")
#elif defined(__GNUC__)
#define NIBBLE_UNROLL _Pragma("GCC unroll 16")
#define NIBBLE_ROLLED _Pragma("GCC unroll 1")
#else
#define NIBBLE_UNROLL
#define NIBBLE_ROLLED
#endif

/// NIBBLE_PIN("x", v) makes the compiler have `v` ready at this point, in a register of the kind ("m": in memory), and
/// take it from there.
#if NIBBLE_CLANG || defined(__GNUC__)
#define NIBBLE_INLINE inline __attribute__((always_inline))
#define NIBBLE_RARE inline __attribute__((noinline, cold))
#define NIBBLE_PIN(where, v) asm("" : "+" where(v))
#else
#define NIBBLE_INLINE __forceinline
#define NIBBLE_RARE inline __declspec(noinline)
#define NIBBLE_PIN(where, v) static_cast<void>(v)
#endif
