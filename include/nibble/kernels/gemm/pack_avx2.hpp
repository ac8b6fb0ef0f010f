// SPDX-License-Identifier: Apache-2.0
// Weight blocks to bytes in the order of a micro-kernel, for AVX2 and AVX-512.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <nibble/kernels/gemm/packed.hpp>
#include <nibble/quant/format_avx2.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemm_avx2 {

/// Stores 32 codes in the order of a step_order.
template <step_order Order>
NIBBLE_INLINE void store_codes(std::uint8_t (*q)[4], __m256i codes) noexcept {
    if constexpr (Order == step_order::sequential) {
        avx2::store(q, codes);
    } else {  // bytes 2s, 2s+1 of the first 16 beside bytes 2s, 2s+1 of the second
        const __m128i first = _mm256_castsi256_si128(codes), second = _mm256_extracti128_si256(codes, 1);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(q), _mm_unpacklo_epi16(first, second));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(q + 4), _mm_unpackhi_epi16(first, second));
    }
}

template <step_order Order, class F, int... J>
NIBBLE_INLINE void pack_codes(const typename F::block& block, row_codes<shape_of<F, Order>>& packed,
                              std::integer_sequence<int, J...>) noexcept {
    using format = quant::avx2_format<F>;
    if constexpr (code_planes<F, Order> == 1) {
        (store_codes<Order>(packed.q[J][0], format::template codes<J>(block)), ...);
    } else {
        const __m256i low = _mm256_set1_epi8(15);
        (store_codes<Order>(packed.q[J][0],
                            _mm256_and_si256(_mm256_srli_epi16(format::template codes<J>(block), 4), low)),
         ...);
        (store_codes<Order>(packed.q[J][1], _mm256_and_si256(format::template codes<J>(block), low)), ...);
    }
}

/// Stores sixteen lanes that are in the order of a scale_pair.
NIBBLE_INLINE void store_in_order(void* to, __m256i lanes) noexcept {
    const __m128i even = _mm256_castsi256_si128(lanes), odd = _mm256_extracti128_si256(lanes, 1);
    _mm_storeu_si128(static_cast<__m128i*>(to), _mm_unpacklo_epi16(even, odd));
    _mm_storeu_si128(static_cast<__m128i*>(to) + 1, _mm_unpackhi_epi16(even, odd));
}

/// Packs one block of a row.
template <step_order Order, class F>
NIBBLE_INLINE void pack_block(const typename F::block& block, row_codes<shape_of<F, Order>>& packed) noexcept {
    using format = quant::avx2_format<F>;
    pack_codes<Order, F>(block, packed, std::make_integer_sequence<int, F::block_size / 32>{});
    packed.d = quant::load_scale<F>(block.d);
    if constexpr (F::has_min) packed.m = format::m_sign * quant::load_half(block.d + 2);
    if constexpr (F::has_scales) {
        const quant::scale_pair scales = format::scales(block, block);
        store_in_order(packed.scale, scales.first);
        if constexpr (quant::n_mins<F> == 16)
            store_in_order(packed.min, format::mins(block));
        else if constexpr (F::has_min)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(packed.min), _mm256_castsi256_si128(scales.mins));
    }
}

/// `pack` of the micro-kernels.
template <step_order Order, class F, std::size_t Rows>
inline void pack_rows(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t n_blocks,
                      row_group_codes<shape_of<F, Order>, Rows>* packed) noexcept {
    for (std::size_t r = 0; r < Rows; ++r) {
        const auto* row = quant::blocks_of<F>(rows + (r < n_rows ? r : n_rows - 1) * row_bytes);
        for (std::size_t b = 0; b < n_blocks; ++b) pack_block<Order, F>(row[b], packed[b].rows[r]);
    }
}

}  // namespace kernels::gemm_avx2
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
