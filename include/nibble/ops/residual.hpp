// SPDX-License-Identifier: Apache-2.0
// The residual stream between two blocks of a layer: the norm after a block, the addition, the norm before the next.
#pragma once

#include <cstddef>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/kernels/elementwise/elementwise.hpp>

NIBBLE_NAMESPACE_BEGIN

class executor;

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
NIBBLE_FUNCTION void norm_row(const elementwise_kernels& kernels, const float* x, const norm_weights& norm,
                              const norm_rules& rules, float* out, std::size_t n) noexcept;

/// The norms around an addition to the residual stream.
struct residual_norms {
    norm_weights post;  ///< of what is added
    norm_weights next;  ///< of the sum, for the block that comes next
    norm_rules rules;
};

/// x += scale * post(update), then normed = next(x), for n_tokens rows of n values: with `next` alone the layers of
/// llama, with `post` alone those of OLMo 2, with both those of Gemma. Overwrites `update`. The row is read once.
/// Nothing is normed where `normed` is null.
NIBBLE_FUNCTION void residual(executor& threads, const elementwise_kernels& kernels, float* x, float* update,
                              float scale, const residual_norms& norms, std::size_t n_tokens, std::size_t n,
                              float* normed) noexcept;

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/ops/residual_impl.hpp>
#endif
