// SPDX-License-Identifier: Apache-2.0
// One layer of a decoder, resolved at load: whatever may differ between families and between layers is a field here.
#pragma once

#include <cstddef>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/kernels/attention/attention.hpp>
#include <nibble/kernels/elementwise/elementwise.hpp>
#include <nibble/ops/linear.hpp>
#include <nibble/ops/residual.hpp>

NIBBLE_NAMESPACE_BEGIN

/// x += post_norm(output . attention(norm(x))). An empty norm: there is none.
struct attention_layer {
    norm_weights norm, post_norm;
    projection q, k, v;  ///< n_embd -> q_width, kv_width, kv_width
    /// Before the rotation; pieces of as many values are normed each by itself: [head_dim] or [q_width], [kv_width].
    std::span<const float> q_norm, k_norm;
    std::span<const float> sinks;    ///< [n_heads]  see attention_call
    projection output;               ///< q_width -> n_embd
    std::size_t rope = 0;            ///< index into model_config::ropes, or no_rope
    std::size_t window = no_window;  ///< positions that a token sees, itself included
};

/// x += post_norm(down . (act(gate . h) * (up . h))) with h = norm(x). With a router the three have the rows of all
/// experts, one expert below the other, and a token uses some of these.
struct feed_forward_layer {
    norm_weights norm, post_norm;
    projection router;    ///< n_embd -> n_experts; empty: there is one feed-forward, for all tokens
    projection gate, up;  ///< n_embd -> n_ff; an empty `up` is no factor
    projection down;      ///< n_ff -> n_embd
    activation act = activation::silu;
    bool parallel = false;  ///< h is that of attention, norm(x) before attention has added to x
};

/// output . (c * convolution(b * x)) with (b, c, x) = input . h: see short_convolution.
struct convolution_layer {
    projection input;               ///< n_embd -> 3 n_embd
    std::span<const float> kernel;  ///< [n_embd][conv_length]
    projection output;              ///< n_embd -> n_embd

    [[nodiscard]] bool empty() const noexcept { return kernel.empty(); }
};

struct layer {
    attention_layer attention;
    convolution_layer convolution;  ///< unless empty it is there between the norms of `attention`, which has no more
    feed_forward_layer feed_forward;
};

NIBBLE_NAMESPACE_END
