// SPDX-License-Identifier: Apache-2.0
// Definitions of ops/heads.hpp: head by head.
#pragma once

#include <cstddef>
#include <numbers>

#include <nibble/core/fixed_math.hpp>
#include <nibble/core/float_math.hpp>
#include <nibble/kernels/elementwise/elementwise.hpp>
#include <nibble/ops/heads.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION float query_growth::at(std::size_t position) const noexcept {
    if (scale == 0) return 1;
    const double octaves = fixed::log2(static_cast<double>(1 + position / period));
    return exact_fma(scale, static_cast<float>(octaves * std::numbers::ln2), 1.0f);
}

NIBBLE_FUNCTION void finish_heads(const elementwise_kernels& kernels, const head_rules& rules, const head_steps& steps,
                                  float* heads, std::size_t n_heads) noexcept {
    const std::size_t n = n_heads * rules.head_dim;
    const auto norm = [&] {
        if (const std::size_t piece = steps.norm.size(); piece > 0)
            for (std::size_t at = 0; at < n; at += piece)
                kernels.rms_norm(heads + at, steps.norm.data(), rules.eps, heads + at, piece);
    };
    if (!rules.turn_first) norm();
    if (steps.cos_sin)
        kernels.rope[static_cast<std::size_t>(rules.pairing)](heads, n_heads, rules.head_dim, steps.cos_sin,
                                                              rules.rope_dims);
    if (rules.turn_first) norm();
    if (steps.scale != 1) kernels.scale(heads, steps.scale, n);
}

NIBBLE_NAMESPACE_END
