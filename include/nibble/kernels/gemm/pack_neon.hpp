// SPDX-License-Identifier: Apache-2.0
// The packed forms of the NEON micro-kernels: four rows and four tokens as signed bytes, in the order that a Way to
// multiply them asks for: gemm_neon::dotprod or i8mm, in gemm/neon.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <nibble/kernels/activations/neon.hpp>
#include <nibble/kernels/gemm/loops.hpp>
#include <nibble/kernels/gemm/scalar.hpp>
#include <nibble/quant/format_portable.hpp>

#if NIBBLE_AARCH64

NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemm_neon {

inline constexpr std::size_t token_group = 4, row_group = 4;

/// Where `value` of 32, the first of a piece, lies in eight vectors that hold `line` of four rows or tokens: a vector
/// has a piece of each of 16 / Piece lines.
template <std::size_t Piece>
constexpr std::size_t place(std::size_t line, std::size_t value) noexcept {
    constexpr std::size_t side_by_side = 16 / Piece;
    return (line / side_by_side * (32 / Piece) + value / Piece) * 16 + line % side_by_side * Piece;
}

/// One block of N activations of four tokens. Tokens that are missing are zero.
template <std::size_t N, class Way>
struct alignas(16) packed_tokens {
    static constexpr std::size_t n_subs = N / 32;

    std::int8_t q[n_subs][8 * 16];
    std::int32_t k[n_subs][2][Way::k_vectors][4];
    std::int16_t sum[2 * n_subs][token_group], sum32[n_subs][token_group];
    float d[token_group];

    void set(std::size_t token, const activations_neon::token_block<N>& block) noexcept {
        for (std::size_t j = 0; j < n_subs; ++j) {
            for (std::size_t e = 0; e < 32; e += Way::token_piece)
                std::memcpy(q[j] + place<Way::token_piece>(token, e), block.q + 32 * j + e, Way::token_piece);
            for (std::size_t half = 0; half < 2; ++half)
                for (std::size_t lane = token % (4 / Way::k_vectors); lane < 4; lane += 4 / Way::k_vectors)
                    k[j][half][token / (4 / Way::k_vectors)][lane] = block.k[2 * j + half];
            sum[2 * j][token] = block.sum[2 * j];
            sum[2 * j + 1][token] = block.sum[2 * j + 1];
            sum32[j][token] = block.sum32[j];
        }
        d[token] = block.d;
    }
};

/// One weight block of four rows: codes without their offset. Formats whose blocks are alike share a form, and what
/// multiplies it. `Grain`: weights that share a scale, 16 or 32; 0: there are no scales.
template <std::size_t N, std::size_t Grain, bool HasMin, class Way>
struct alignas(16) packed_rows {
    static constexpr std::size_t n_subs = N / 32, n_scales = Grain == 0 ? 0 : N / Grain;
    static constexpr std::size_t n_mins = HasMin ? n_scales : 0;

    std::int8_t w[n_subs][8 * 16];
    std::int32_t scale[n_scales + (n_scales == 0)][Way::scale_vectors * 4];
    std::int16_t min[n_mins + (n_mins == 0)][row_group];
    float d[row_group], m[row_group];
};

template <class F>
constexpr std::size_t grain_of() noexcept {
    if constexpr (F::has_scales) return F::scale_grain;
    return 0;
}

template <class Way, class F, int... J>
inline void pack_codes(const typename F::block& block, std::size_t row, std::int8_t (*w)[8 * 16],
                       std::integer_sequence<int, J...>) noexcept {
    static_assert(F::q_max - F::offset < 128 && F::offset <= 128);  // a signed byte
    const uint8x16_t offset = vdupq_n_u8(F::offset);
    const auto pack = [=](std::int8_t* to, quant::code_pair codes) {
        std::int8_t bytes[32];
        vst1q_s8(bytes, vreinterpretq_s8_u8(vsubq_u8(codes.first, offset)));
        vst1q_s8(bytes + 16, vreinterpretq_s8_u8(vsubq_u8(codes.second, offset)));
        for (std::size_t e = 0; e < 32; e += Way::row_piece)
            std::memcpy(to + place<Way::row_piece>(row, e), bytes + e, Way::row_piece);
    };
    (pack(w[J], quant::portable_format<F>::template codes<J>(block)), ...);
}

/// Packs block b of four rows.
template <class Way, class F, class Packed>
inline void pack_blocks(const typename F::block* const (&rows)[row_group], std::size_t b, Packed& packed) noexcept {
    using format = quant::portable_format<F>;
    [[maybe_unused]] int16x8x4_t first, second, mins, second_mins;  // a row each
    for (std::size_t r = 0; r < row_group; ++r) {
        const typename F::block& block = rows[r][b];
        pack_codes<Way, F>(block, r, packed.w, std::make_integer_sequence<int, F::block_size / 32>{});
        packed.d[r] = quant::load_scale<F>(block.d);
        if constexpr (F::has_min) packed.m[r] = format::m_sign * quant::load_half(format::min_half(block));
        if constexpr (F::has_scales) {
            const quant::scale_lanes scales = format::scales(block);
            first.val[r] = scales.first;
            second.val[r] = scales.second;
            mins.val[r] = scales.mins;
            second_mins.val[r] = scales.second_mins;
        }
    }
    if constexpr (F::has_scales) {  // turned, so that those of the four rows lie side by side
        std::int16_t turned[16][row_group];
        vst4q_s16(turned[0], first);
        if constexpr (Packed::n_scales == 16) vst4q_s16(turned[8], second);
        for (std::size_t i = 0; i < Packed::n_scales; ++i) Way::spread(turned[i], packed.scale[i]);
        if constexpr (F::has_min) vst4q_s16(packed.min[0], mins);
        if constexpr (Packed::n_mins == 16) vst4q_s16(packed.min[8], second_mins);
    }
}

/// All of a micro-kernel but `tile`, which a region adds.
template <class Way>
struct packing {
    static constexpr std::size_t token_group = gemm_neon::token_group, row_group = gemm_neon::row_group;
    static constexpr std::size_t groups_at_once = 2;
    template <class F>
    using packed_weights = packed_rows<F::block_size, grain_of<F>(), F::has_min, Way>;
    template <std::size_t N>
    using packed_tokens = gemm_neon::packed_tokens<N, Way>;

    /// pack_tokens_function.
    template <std::size_t N>
    static void pack_tokens(const float* x, std::size_t stride, std::size_t n_tokens, std::size_t depth,
                            void* out) noexcept {
        auto* packed = static_cast<packed_tokens<N>*>(out);
        for (std::size_t b = 0; b < depth / N; ++b)
            for (std::size_t t = 0; t < token_group; ++t) {
                activations_neon::token_block<N> block{};
                if (t < n_tokens) activations_neon::quantize_block<N>(x + t * stride + b * N, block);
                packed[b].set(t, block);
            }
    }

    template <class F>
    static void pack(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t n_blocks,
                     packed_weights<F>* packed) noexcept {
        const typename F::block* blocks[row_group];
        for (std::size_t r = 0; r < row_group; ++r)
            blocks[r] = quant::blocks_of<F>(rows + std::min(r, n_rows - 1) * row_bytes);
        for (std::size_t b = 0; b < n_blocks; ++b) pack_blocks<Way, F>(blocks, b, packed[b]);
    }

    static void store(const float* sums, std::size_t sums_stride, std::size_t n_rows, std::size_t n_tokens, float* out,
                      std::size_t out_stride) noexcept {
        static_assert(token_group == gemm_scalar::micro_kernel::token_group);  // the chains lie as there
        gemm_scalar::micro_kernel::store(sums, sums_stride, n_rows, n_tokens, out, out_stride);
    }
};

}  // namespace kernels::gemm_neon
NIBBLE_NAMESPACE_END

#endif
