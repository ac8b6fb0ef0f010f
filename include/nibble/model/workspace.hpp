// SPDX-License-Identifier: Apache-2.0
// The memory that a forward pass works in, taken once for all sequences of an engine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/config.hpp>
#include <nibble/kernels/kernel_set.hpp>
#include <nibble/model/batch.hpp>
#include <nibble/model/bind.hpp>
#include <nibble/model/config.hpp>
#include <nibble/ops/attention.hpp>
#include <nibble/ops/experts.hpp>
#include <nibble/ops/largest_value.hpp>
#include <nibble/ops/linear.hpp>
#include <nibble/ops/rope.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Everything that the memory of a workspace depends on, beside the model.
struct workspace_shape {
    std::size_t batch;      ///< most tokens in one forward pass
    std::size_t capacity;   ///< most positions of a sequence
    std::size_t n_threads;  ///< of the executor
};

/// One of the rotations of a model, for sequences of `capacity` positions.
[[nodiscard]] inline rotation rotation_of(const model_config& config, const rope_config& rope,
                                          const model_weights& weights, std::size_t capacity) {
    const rope_scaling& scaling = rope.scaling;
    const auto factor = static_cast<double>(scaling.factor);
    rotation result{config.rope_dims, static_cast<double>(rope.freq_base)};
    if (!weights.rope_freqs.empty()) result.divide(weights.rope_freqs);
    if (scaling.type == rope_scaling::method::linear) result.interpolate(factor);
    if (scaling.type == rope_scaling::method::yarn) {
        result.interpolate_yarn(factor, static_cast<double>(scaling.original_context),
                                static_cast<double>(scaling.beta_fast), static_cast<double>(scaling.beta_slow),
                                scaling.whole_pairs);
        const double magnitude = rotation::yarn_magnitude(factor) /
                                 rotation::yarn_magnitude(factor, static_cast<double>(scaling.log_multiplier));
        result.set_magnitude(magnitude * static_cast<double>(scaling.attn_factor));
    }
    if (scaling.type == rope_scaling::method::longrope) {
        result.divide(capacity > scaling.original_context ? weights.rope_factors_long : weights.rope_factors_short);
        result.set_magnitude(static_cast<double>(scaling.attn_factor));
    }
    return result;
}

/// The buffers of a forward pass. All are [batch][width]; a pass of n tokens uses the first n rows.
class workspace {
public:
    workspace(const kernel_set& kernels, const model_config& config, const model_weights& weights,
              const workspace_shape& shape)
        : batch(shape.batch),
          activations(kernels, activations_of(kernels, config, weights, shape)),
          attention(attention_of(config), blocks_for(shape.capacity), shape.n_threads),
          experts(experts_of(kernels, config, shape)),
          largest(shape.n_threads),
          rows(batch),
          results(batch),
          attention_parts(batch),
          memory_(n_floats(kernels, config, shape)) {
        for (const rope_config& rope : config.ropes)
            ropes.push_back(rotation_of(config, rope, weights, shape.capacity));
        float* at = memory_.data();
        const auto take = [&at](std::size_t n) { return std::exchange(at, at + rounded(n)); };
        x = take(batch * config.n_embd);
        normed = take(batch * config.n_embd);
        update = take(batch * config.n_embd);
        q = take(batch * config.q_width());
        k = take(batch * config.kv_width());
        v = take(batch * config.kv_width());
        rope_cos_sin = take(config.ropes.size() * batch * config.rope_dims);
        const std::size_t n_ff_rows = ff_rows(kernels, config, shape);
        gated = take(n_ff_rows * config.n_ff);
        conv_gates = take(batch * conv_width(config));
        up_scratch = take(shape.n_threads * gated_rows(kernels) * n_ff_rows);
    }

    /// What the constructor takes, but for the rope_dims / 2 doubles of each rotation:
    ///   4 * batch * (3 n_embd + q_width + 2 kv_width + n_ropes rope_dims + n_ff + gated_rows n_threads, and 3 n_embd
    ///   more for convolutions)
    ///   + activation_buffer::bytes + attention_workspace::bytes + expert_workspace::bytes + 16 n_threads + 128 batch,
    /// where with experts the two parts of the feed-forward and activation_buffer have as many rows as a wave of them.
    /// SmolLM3-3B with a batch of 512, 4096 positions and 2 threads: 52 MB.
    [[nodiscard]] static std::size_t bytes(const kernel_set& kernels, const model_config& config,
                                           const model_weights& weights, const workspace_shape& shape) noexcept {
        return n_floats(kernels, config, shape) * sizeof(float) +
               activation_buffer::bytes(kernels, activations_of(kernels, config, weights, shape)) +
               expert_workspace::bytes(experts_of(kernels, config, shape)) + shape.n_threads * sizeof(largest_value) +
               shape.batch * (2 * sizeof(batch_row) + sizeof(attention_part)) +
               attention_workspace::bytes(attention_of(config), blocks_for(shape.capacity), shape.n_threads);
    }

    [[nodiscard]] static attention_shape attention_of(const model_config& config) noexcept {
        return {config.n_heads, config.n_kv_heads, config.head_dim};
    }

    std::size_t batch;
    std::vector<rotation> ropes;    ///< as model_config::ropes
    activation_buffer activations;  ///< what the current product multiplies with
    attention_workspace attention;
    expert_workspace experts;
    aligned_buffer<largest_value> largest;  ///< [n_threads]  of the logits

    aligned_buffer<batch_row> rows;                  ///< [batch]  the tokens of the pass
    aligned_buffer<batch_row> results;               ///< [batch]  those of them whose results are wanted
    aligned_buffer<attention_part> attention_parts;  ///< [batch]  of a layer

    float* x;             ///< [batch][n_embd]    the residual stream
    float* normed;        ///< [batch][n_embd]    what the next block begins with
    float* update;        ///< [batch][n_embd]    what a block adds to x
    float* q;             ///< [batch][n_heads][head_dim]  the queries, then what they attended to
    float* k;             ///< [batch][n_kv_heads][head_dim]
    float* v;             ///< [batch][n_kv_heads][head_dim]
    float* rope_cos_sin;  ///< [n_ropes][batch][rope_dims]  of the tokens' positions
    float* gated;         ///< [ff_rows][n_ff]
    float* conv_gates;    ///< [batch][3][n_embd]  of models with convolutions
    float* up_scratch;    ///< [n_threads][ff_rows][gated_rows]  see gated_linear

private:
    [[nodiscard]] static std::size_t rounded(std::size_t n) noexcept { return (n + 15) / 16 * 16; }  // cache lines
    [[nodiscard]] static std::size_t conv_width(const model_config& config) noexcept {
        return config.n_convolutions() == 0 ? 0 : 3 * config.n_embd;
    }
    [[nodiscard]] static std::size_t blocks_for(std::size_t capacity) noexcept {
        return (capacity + attention_block - 1) / attention_block;
    }
    [[nodiscard]] static std::size_t n_floats(const kernel_set& kernels, const model_config& config,
                                              const workspace_shape& shape) noexcept {
        const std::size_t batch = shape.batch;
        return 3 * rounded(batch * config.n_embd) + rounded(batch * config.q_width()) +
               2 * rounded(batch * config.kv_width()) + rounded(config.ropes.size() * batch * config.rope_dims) +
               rounded(ff_rows(kernels, config, shape) * config.n_ff) + rounded(batch * conv_width(config)) +
               rounded(shape.n_threads * gated_rows(kernels) * ff_rows(kernels, config, shape));
    }
    [[nodiscard]] static expert_shape experts_of(const kernel_set& kernels, const model_config& config,
                                                 const workspace_shape& shape) noexcept {
        return {config.experts, config.n_embd, shape.batch, kernels.token_group};
    }
    /// Rows that go through a feed-forward at once: a batch of tokens, or a wave of experts.
    [[nodiscard]] static std::size_t ff_rows(const kernel_set& kernels, const model_config& config,
                                             const workspace_shape& shape) noexcept {
        return std::max(shape.batch, expert_workspace::rows_for(experts_of(kernels, config, shape)));
    }
    [[nodiscard]] static activation_shape activations_of(const kernel_set& kernels, const model_config& config,
                                                         const model_weights& weights,
                                                         const workspace_shape& shape) noexcept {
        activation_shape result{ff_rows(kernels, config, shape),
                                std::max({config.n_embd, config.q_width(), config.n_ff}), false, false,
                                shape.n_threads};
        const auto count = [&result, &kernels](const matrix_view& w) {
            if (w.empty()) return;
            const auto form = kernels.of(w).form;
            result.blocks_of_256 |= form == activation_form::blocks_of_256;
            result.blocks_of_32 |= form == activation_form::blocks_of_32;
        };
        for (const auto& [attention, convolution, feed_forward] : weights.layers)
            for (const auto& w : {attention.q.w, attention.k.w, attention.v.w, attention.output.w, convolution.input.w,
                                  convolution.output.w, feed_forward.router.w, feed_forward.gate.w, feed_forward.up.w,
                                  feed_forward.down.w})
                count(w);
        count(weights.output);
        return result;
    }

    aligned_buffer<float> memory_;
};

NIBBLE_NAMESPACE_END
