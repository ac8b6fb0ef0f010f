// SPDX-License-Identifier: Apache-2.0
// The gated short convolution that some layers have in the place of attention.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <nibble/core/config.hpp>
#include <nibble/ops/block_table.hpp>
#include <nibble/ops/executor.hpp>
#include <nibble/ops/residual.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The most positions that a short convolution sees.
inline constexpr std::size_t longest_convolution = 64;

/// One call of short_convolution().
struct convolution_call {
    const float* gates;  ///< [n_tokens][3][n_channels]  b, c and x of each token
    std::size_t n_tokens;
    std::size_t position;  ///< of the first token
    std::size_t n_channels;
    const float* kernel;          ///< [n_channels][length]  the last value goes with a token itself
    std::size_t length;           ///< 1 to longest_convolution
    convolution_history history;  ///< b * x of the last positions; those of the tokens are written
    std::size_t n_kept;           ///< tokens at the end whose results are needed
    float* out;                   ///< [n_kept][n_channels]
};

/// With u = b * x, zeros before position 0:  out = c * sum over j of kernel[j] * u(position - (length - 1) + j), in
/// order of j. In double, where a product of floats is exact: a compiler that fuses it with the sum changes nothing.
inline void short_convolution(executor& threads, const convolution_call& call) noexcept {
    const std::size_t n = call.n_channels;
    threads.for_blocks(call.n_tokens, row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t t = begin; t < end; ++t) {
            const float *b = call.gates + 3 * t * n, *x = b + 2 * n;
            float* u = call.history.row(call.position + t);
            for (std::size_t i = 0; i < n; ++i) u[i] = b[i] * x[i];
        }
    });
    threads.for_blocks(call.n_kept, row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t kept = begin; kept < end; ++kept) {
            const std::size_t t = call.n_tokens - call.n_kept + kept, seen = call.position + t + 1;
            const std::size_t first = call.length - std::min(call.length, seen);  // of the kernel: before it are zeros
            const float* c = call.gates + (3 * t + 1) * n;
            std::array<const float*, longest_convolution> u;
            for (std::size_t j = first; j < call.length; ++j) u[j] = call.history.row(seen + j - call.length);
            for (std::size_t i = 0; i < n; ++i) {
                double sum = 0;
                for (std::size_t j = first; j < call.length; ++j)
                    sum += static_cast<double>(call.kernel[i * call.length + j]) * static_cast<double>(u[j][i]);
                call.out[kept * n + i] = static_cast<float>(static_cast<double>(c[i]) * sum);
            }
        }
    });
}

NIBBLE_NAMESPACE_END
