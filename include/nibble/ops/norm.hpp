// SPDX-License-Identifier: Apache-2.0
// Elementwise operations on the rows of a batch: RMS norm and residual addition.
#pragma once

#include <cstddef>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/kernels/elementwise/elementwise.hpp>
#include <nibble/ops/executor.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Rows that one thread takes at a time: some microseconds of work.
inline constexpr std::size_t row_grain = 4;

/// out[t] = x[t] / sqrt(mean(x[t]^2) + eps) * weight for n_tokens rows of weight.size() values.
inline void rms_norm(executor& exec, const elementwise_kernels& kernels, const float* x, std::span<const float> weight, float eps, std::size_t n_tokens,
                     float* out) noexcept {
    const std::size_t n = weight.size();
    exec.for_blocks(n_tokens, row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t t = begin; t < end; ++t) kernels.rms_norm(x + t * n, weight.data(), eps, out + t * n, n);
    });
}

/// x[t] += y[t], then out[t] = rms_norm(x[t]): the residual is read once.
inline void add_rms_norm(executor& exec, const elementwise_kernels& kernels, float* x, const float* y, std::span<const float> weight, float eps,
                         std::size_t n_tokens, float* out) noexcept {
    const std::size_t n = weight.size();
    exec.for_blocks(n_tokens, row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t t = begin; t < end; ++t) {
            kernels.add_scaled(x + t * n, y + t * n, 1.0f, n);
            kernels.rms_norm(x + t * n, weight.data(), eps, out + t * n, n);
        }
    });
}

NIBBLE_NAMESPACE_END
