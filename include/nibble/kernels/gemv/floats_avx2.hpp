// SPDX-License-Identifier: Apache-2.0
// Float weights, AVX2: 32 partial sums a row and token, the rows straight from the mapping.
#pragma once

#include <cstddef>
#include <cstring>

#include <nibble/quant/format.hpp>
#include <nibble/simd/avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemv_avx2 {

/// 8 weights of a float format as floats.
template <class F>
inline __m256 load_weights8(const std::byte* p) noexcept {
    if constexpr (F::type == data_type::f16) return _mm256_cvtph_ps(avx2::load128(p));
    if constexpr (F::type == data_type::bf16)
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(avx2::load128(p)), 16));
    return _mm256_loadu_ps(reinterpret_cast<const float*>(p));
}

/// One row of a float format with Tokens tokens: 32 partial sums each, as quant::dot_float says.
template <class F, int Tokens>
inline void float_tile(const std::byte* row, std::size_t depth, const float* x, float* out,
                       std::size_t out_stride) noexcept {
    __m256 acc[Tokens][4];
    NIBBLE_UNROLL
    for (int t = 0; t < Tokens; ++t) acc[t][0] = acc[t][1] = acc[t][2] = acc[t][3] = _mm256_setzero_ps();
    std::size_t i = 0;
    for (; i + 32 <= depth; i += 32) {
        _mm_prefetch(reinterpret_cast<const char*>(row + i * F::value_bytes + 1024), _MM_HINT_T0);
        NIBBLE_UNROLL
        for (int v = 0; v < 4; ++v) {
            const std::size_t at = i + 8 * static_cast<std::size_t>(v);
            const __m256 w = load_weights8<F>(row + at * F::value_bytes);
            NIBBLE_UNROLL
            for (int t = 0; t < Tokens; ++t)
                acc[t][v] =
                    _mm256_fmadd_ps(w, _mm256_loadu_ps(x + static_cast<std::size_t>(t) * depth + at), acc[t][v]);
        }
    }
    if (i < depth) {  // the rest, continued with zeros to 32
        std::byte tail[32 * F::value_bytes] = {};
        std::memcpy(tail, row + i * F::value_bytes, (depth - i) * F::value_bytes);
        for (int t = 0; t < Tokens; ++t) {
            float values[32] = {};
            std::memcpy(values, x + static_cast<std::size_t>(t) * depth + i, (depth - i) * sizeof(float));
            NIBBLE_UNROLL
            for (int v = 0; v < 4; ++v)
                acc[t][v] = _mm256_fmadd_ps(load_weights8<F>(tail + 8 * v * static_cast<int>(F::value_bytes)),
                                            _mm256_loadu_ps(values + 8 * v), acc[t][v]);
        }
    }
    NIBBLE_UNROLL
    for (int t = 0; t < Tokens; ++t) out[static_cast<std::size_t>(t) * out_stride] = avx2::fold(acc[t]);
}

/// gemv_function of the float formats, any number of tokens: three share each load of the weights.
template <class F>
inline void gemv_floats(const std::byte* weights, std::size_t row_bytes, std::size_t n_rows, std::size_t depth,
                        const void* x, std::size_t n_tokens, float* out, std::size_t out_stride) noexcept {
    const auto* tokens = static_cast<const float*>(x);
    for (std::size_t r = 0; r < n_rows; ++r) {
        const std::byte* row = weights + r * row_bytes;
        std::size_t t = 0;
        for (; t + 3 <= n_tokens; t += 3)
            float_tile<F, 3>(row, depth, tokens + t * depth, out + t * out_stride + r, out_stride);
        for (; t < n_tokens; ++t)
            float_tile<F, 1>(row, depth, tokens + t * depth, out + t * out_stride + r, out_stride);
    }
}

}  // namespace kernels::gemv_avx2
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
