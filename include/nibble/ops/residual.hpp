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

/// How rows are normed.
enum class norm_kind {
    rms,    ///< x / sqrt(mean(x^2) + eps) * weight
    layer,  ///< (x - mean) / sqrt(mean((x - mean)^2) + eps) * weight + bias
};
struct norm_rules {
    norm_kind kind;
    float eps;
};

/// The weights of a norm of rows. An empty weight: there is no norm. An empty bias: there is none; RMS norms have none.
struct norm_weights {
    std::span<const float> weight = {}, bias = {};

    [[nodiscard]] bool empty() const noexcept { return weight.empty(); }
};

/// out = the norm of x, or x where there is none: what a block begins with. One row of n values.
inline void norm_row(const elementwise_kernels& kernels, const float* x, const norm_weights& norm,
                     const norm_rules& rules, float* out, std::size_t n) noexcept {
    if (norm.empty())
        std::copy(x, x + n, out);
    else if (rules.kind == norm_kind::rms)
        kernels.rms_norm(x, norm.weight.data(), rules.eps, out, n);
    else
        kernels.layer_norm(x, norm.weight.data(), norm.bias.empty() ? nullptr : norm.bias.data(), rules.eps, out, n);
}

/// The norms around an addition to the residual stream.
struct residual_norms {
    norm_weights post;  ///< of what is added
    norm_weights next;  ///< of the sum, for the block that comes next
    norm_rules rules;
};

/// x += scale * post(update), then normed = next(x), for n_tokens rows of n values: with `next` alone the layers of
/// llama, with `post` alone those of OLMo 2, with both those of Gemma. Overwrites `update`. The row is read once.
/// Nothing is normed where `normed` is null.
inline void residual(executor& threads, const elementwise_kernels& kernels, float* x, float* update, float scale,
                     const residual_norms& norms, std::size_t n_tokens, std::size_t n, float* normed) noexcept {
    threads.for_blocks(n_tokens, row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t t = begin; t < end; ++t) {
            if (!norms.post.empty()) norm_row(kernels, update + t * n, norms.post, norms.rules, update + t * n, n);
            kernels.add_scaled(x + t * n, update + t * n, scale, n);
            if (normed) norm_row(kernels, x + t * n, norms.next, norms.rules, normed + t * n, n);
        }
    });
}

NIBBLE_NAMESPACE_END
