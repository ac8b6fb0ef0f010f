// SPDX-License-Identifier: Apache-2.0
// The residual stream between two blocks of a layer: the norm after a block, the addition, the norm before the next.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/kernels/elementwise/elementwise.hpp>
#include <nibble/ops/executor.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Rows that one thread takes at a time: some microseconds of work.
inline constexpr std::size_t row_grain = 4;

/// out = the RMS norm of x by `weight`, or x where `weight` is empty: what a block begins with. One row of n values.
inline void norm_row(const elementwise_kernels& kernels, const float* x, std::span<const float> weight, float eps,
                     float* out, std::size_t n) noexcept {
    if (weight.empty())
        std::copy(x, x + n, out);
    else
        kernels.rms_norm(x, weight.data(), eps, out, n);
}

/// The norms around an addition to the residual stream; an empty span means that there is none.
struct residual_norms {
    std::span<const float> post;  ///< of what is added
    std::span<const float> next;  ///< of the sum, for the block that comes next
    float eps;
};

/// x += scale * post(update), then normed = next(x), for n_tokens rows of n values: with `next` alone the layers of
/// llama, with `post` alone those of OLMo 2, with both those of Gemma. Overwrites `update`. The row is read once.
inline void residual(executor& threads, const elementwise_kernels& kernels, float* x, float* update, float scale,
                     const residual_norms& norms, std::size_t n_tokens, std::size_t n, float* normed) noexcept {
    threads.for_blocks(n_tokens, row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t t = begin; t < end; ++t) {
            if (!norms.post.empty()) kernels.rms_norm(update + t * n, norms.post.data(), norms.eps, update + t * n, n);
            kernels.add_scaled(x + t * n, update + t * n, scale, n);
            norm_row(kernels, x + t * n, norms.next, norms.eps, normed + t * n, n);
        }
    });
}

NIBBLE_NAMESPACE_END
