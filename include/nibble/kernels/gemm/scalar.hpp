// SPDX-License-Identifier: Apache-2.0
// Many tokens, plain C++: the micro-kernel that shows what one does, and tests the loops around all of them.
#pragma once

#include <algorithm>
#include <cstddef>

#include <nibble/kernels/gemm/loops.hpp>
#include <nibble/quant/scalar.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels::gemm_scalar {

struct micro_kernel {
    static constexpr std::size_t token_group = 4, row_group = 2, groups_at_once = 2;

    template <class F>
    struct packed_weights {
        quant::block_codes<F::block_size> rows[row_group];
    };
    template <std::size_t N>
    struct packed_tokens {
        quant::activation_block<N> tokens[token_group];
    };

    /// pack_tokens_function.
    template <std::size_t N>
    static void pack_tokens(const float* x, std::size_t stride, std::size_t n_tokens, std::size_t depth,
                            void* out) noexcept {
        auto* packed = static_cast<packed_tokens<N>*>(out);
        for (std::size_t b = 0; b < depth / N; ++b)
            for (std::size_t t = 0; t < token_group; ++t) {
                if (t < n_tokens)
                    quant::quantize_block<N>(x + t * stride + b * N, packed[b].tokens[t]);
                else
                    packed[b].tokens[t] = {};
            }
    }

    template <class F>
    static void pack(const std::byte* rows, std::size_t row_bytes, std::size_t n_rows, std::size_t n_blocks,
                     packed_weights<F>* packed) noexcept {
        for (std::size_t r = 0; r < row_group; ++r)
            for (std::size_t b = 0; b < n_blocks; ++b)
                F::unpack(quant::blocks_of<F>(rows + std::min(r, n_rows - 1) * row_bytes)[b], packed[b].rows[r]);
    }

    template <class F>
    static void tile(const packed_weights<F>* weights, const packed_tokens<F::block_size>* tokens,
                     std::size_t tokens_stride, std::size_t n_groups, std::size_t n_blocks, float* sums,
                     std::size_t sums_stride) noexcept {
        for (std::size_t g = 0; g < n_groups; ++g)
            for (std::size_t r = 0; r < row_group; ++r)
                for (std::size_t t = 0; t < token_group; ++t) {
                    float& chain = sums[g * sums_stride + r * token_group + t];
                    for (std::size_t b = 0; b < n_blocks; ++b)
                        chain = quant::add_block<F>(chain, weights[b].rows[r], tokens[g * tokens_stride + b].tokens[t]);
                }
    }

    static void store(const float* sums, std::size_t sums_stride, std::size_t n_rows, std::size_t n_tokens, float* out,
                      std::size_t out_stride) noexcept {
        for (std::size_t t = 0; t < n_tokens; ++t)
            for (std::size_t r = 0; r < n_rows; ++r)
                out[t * out_stride + r] = sums[t / token_group * sums_stride + r * token_group + t % token_group];
    }
};

}  // namespace kernels::gemm_scalar
NIBBLE_NAMESPACE_END
