// SPDX-License-Identifier: Apache-2.0
// What the queries, keys and values of a token go through between their product and attention: norm, rotation.
#pragma once

#include <cstddef>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/kernels/elementwise/elementwise.hpp>

NIBBLE_NAMESPACE_BEGIN

/// How the heads of a model rotate, and with what eps they are normed.
struct head_rules {
    std::size_t head_dim;
    std::size_t rope_dims;  ///< leading values of a head that rotate
    rope_pairing pairing;
    float eps;
};

/// What is done to the heads that one matrix gives; a part that is empty or null is left out.
struct head_steps {
    /// RMS norm of each piece of norm.size() values, by the same weights: a head, or the whole row.
    std::span<const float> norm;
    const float* cos_sin = nullptr;  ///< [rope_dims]  of the token's position, as rotation::cos_sin writes it
};

/// Heads of one token, [n_heads][head_dim]: the norm, then the rotation.
inline void finish_heads(const elementwise_kernels& kernels, const head_rules& rules, const head_steps& steps,
                         float* heads, std::size_t n_heads) noexcept {
    const std::size_t n = n_heads * rules.head_dim;
    if (const std::size_t piece = steps.norm.size(); piece > 0)
        for (std::size_t at = 0; at < n; at += piece)
            kernels.rms_norm(heads + at, steps.norm.data(), rules.eps, heads + at, piece);
    if (steps.cos_sin)
        kernels.rope[static_cast<std::size_t>(rules.pairing)](heads, n_heads, rules.head_dim, steps.cos_sin,
                                                              rules.rope_dims);
}

NIBBLE_NAMESPACE_END
