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
    bool turn_first = false;  ///< before the norm
};

/// How queries grow with their position, so that attention stays sharp among many keys.
struct query_growth {
    float scale = 0;  ///< 0: not at all
    std::size_t period = 1;

    /// 1 + scale * ln(1 + floor(position / period)).
    [[nodiscard]] float at(std::size_t position) const noexcept;
};

/// What is done to the heads that one matrix gives; a part that is empty, null or 1 is left out.
struct head_steps {
    /// RMS norm of each piece of norm.size() values, by the same weights: a head, or the whole row.
    std::span<const float> norm;
    const float* cos_sin = nullptr;  ///< [rope_dims]  of the token's position, as rotation::cos_sin writes it
    float scale = 1;
};

/// Heads of one token, [n_heads][head_dim]: the norm and the rotation in the order of the rules, then the scale.
NIBBLE_FUNCTION void finish_heads(const elementwise_kernels& kernels, const head_rules& rules, const head_steps& steps,
                                  float* heads, std::size_t n_heads) noexcept;

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/ops/heads_impl.hpp>
#endif
