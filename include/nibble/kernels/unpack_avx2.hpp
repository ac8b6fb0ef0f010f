// SPDX-License-Identifier: Apache-2.0
// Weight blocks to bytes in the order of a panel kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <nibble/quant/format_avx2.hpp>
#include <nibble/quant/panel.hpp>

#if NIBBLE_X86_64

NIBBLE_REGION_BEGIN_AVX2
NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// Stores 32 codes in the order of panel_value.
template <quant::panel_order Order>
NIBBLE_INLINE void store_codes(std::uint8_t (*q)[4], __m256i codes) noexcept {
    if constexpr (Order == quant::panel_order::sequential) {
        avx2::store(q, codes);
    } else {  // bytes 2s, 2s+1 of the first 16 beside bytes 2s, 2s+1 of the second
        const __m128i first = _mm256_castsi256_si128(codes), second = _mm256_extracti128_si256(codes, 1);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(q), _mm_unpacklo_epi16(first, second));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(q + 4), _mm_unpackhi_epi16(first, second));
    }
}

template <quant::panel_order Order, class F, int... J>
NIBBLE_INLINE void unpack_codes(const typename F::block& block, quant::weight_panel<F>& panel,
                                std::integer_sequence<int, J...>) noexcept {
    using format = quant::avx2_format<F>;
    if constexpr (quant::code_planes<F> == 1) {
        (store_codes<Order>(panel.q[J][0], format::template codes<J>(block)), ...);
    } else {
        const __m256i low = _mm256_set1_epi8(15);
        (store_codes<Order>(panel.q[J][0],
                            _mm256_and_si256(_mm256_srli_epi16(format::template codes<J>(block), 4), low)),
         ...);
        (store_codes<Order>(panel.q[J][1], _mm256_and_si256(format::template codes<J>(block), low)), ...);
    }
}

/// Unpacks one block of a row.
template <quant::panel_order Order, class F>
NIBBLE_INLINE void unpack_block(const typename F::block& block, quant::weight_panel<F>& panel) noexcept {
    using format = quant::avx2_format<F>;
    unpack_codes<Order, F>(block, panel, std::make_integer_sequence<int, F::block_size / 32>{});
    panel.d = quant::load_half(block.d);
    if constexpr (F::has_min) panel.m = format::m_sign * quant::load_half(block.d + 2);
    if constexpr (F::has_scales) {
        const quant::scale_pair scales = format::scales(block, block);
        const __m128i even = _mm256_castsi256_si128(scales.first), odd = _mm256_extracti128_si256(scales.first, 1);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(panel.scale), _mm_unpacklo_epi16(even, odd));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(panel.scale + 4), _mm_unpackhi_epi16(even, odd));
        if constexpr (F::has_min)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(panel.min), _mm256_castsi256_si128(scales.mins));
    }
}

/// Unpacks `n_blocks` blocks of each of `padded_rows` rows, panel after panel; the last of the `n_rows` rows stands in
/// for those that are missing in a group of rows.
template <quant::panel_order Order, class F>
NIBBLE_INLINE void unpack_rows(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows,
                               std::size_t padded_rows, std::size_t first_block, std::size_t n_blocks,
                               quant::weight_panel<F>* panels) noexcept {
    for (std::size_t r = 0; r < padded_rows; ++r) {
        const auto* row = quant::blocks_of<F>(rows + (r < n_rows ? r : n_rows - 1) * row_bytes) + first_block;
        for (std::size_t i = 0; i < n_blocks; ++i) unpack_block<Order, F>(row[i], panels[r * n_blocks + i]);
    }
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
NIBBLE_REGION_END

#endif
