// SPDX-License-Identifier: Apache-2.0
// Definitions of ops/residual.hpp: row by row.
#pragma once

#include <algorithm>
#include <cstddef>

#include <nibble/kernels/elementwise/elementwise.hpp>
#include <nibble/ops/executor.hpp>
#include <nibble/ops/residual.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION void norm_row(const elementwise_kernels& kernels, const float* x, const norm_weights& norm,
                              const norm_rules& rules, float* out, std::size_t n) noexcept {
    if (norm.empty())
        std::copy(x, x + n, out);
    else if (rules.kind == norm_kind::rms)
        kernels.rms_norm(x, norm.weight.data(), rules.eps, out, n);
    else
        kernels.layer_norm(x, norm.weight.data(), norm.bias.empty() ? nullptr : norm.bias.data(), rules.eps, out, n);
}

NIBBLE_FUNCTION void residual(executor& threads, const elementwise_kernels& kernels, float* x, float* update,
                              float scale, const residual_norms& norms, std::size_t n_tokens, std::size_t n,
                              float* normed) noexcept {
    threads.for_blocks(n_tokens, row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t t = begin; t < end; ++t) {
            if (!norms.post.empty()) norm_row(kernels, update + t * n, norms.post, norms.rules, update + t * n, n);
            kernels.add_scaled(x + t * n, update + t * n, scale, n);
            if (normed) norm_row(kernels, x + t * n, norms.next, norms.rules, normed + t * n, n);
        }
    });
}

NIBBLE_NAMESPACE_END
