// SPDX-License-Identifier: Apache-2.0
// The transformer: tokens in, logits out.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/kernels/attention.hpp>
#include <nibble/kernels/kernel_set.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/kv_cache.hpp>
#include <nibble/model/weights.hpp>
#include <nibble/model/workspace.hpp>
#include <nibble/ops/arg_max.hpp>
#include <nibble/ops/attention.hpp>
#include <nibble/ops/executor.hpp>
#include <nibble/ops/linear.hpp>
#include <nibble/ops/norm.hpp>
#include <nibble/ops/rope.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What a forward pass works with; all borrowed. The cache and the workspace are made for the same model, the
/// workspace for at least cache.capacity() positions and threads.n_threads() workers.
struct forward_pass {
    const model_config& config;
    const model_weights& weights;
    const kernel_set& kernels;
    const attention_kernels& attention;
    executor threads;
    kv_cache& cache;
    workspace& work;
    largest_value best_logit = {};  ///< of the last token that got logits

    // Below, n is the number of tokens of the pass and `kept` of those at its end whose results are still needed:
    // n, but for the last layer, which has to give its keys and values for all tokens and the rest only for the
    // tokens whose logits were asked for.

    /// x = the rows of token_embd; turns = the rotation of each token's position; h = the first norm of x.
    void embed(std::span<const token> tokens) noexcept {
        const std::size_t n = tokens.size();
        threads.for_blocks(n, row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
            for (std::size_t t = begin; t < end; ++t) {
                decode_row(kernels, weights.token_embd, static_cast<std::size_t>(tokens[t]),
                           work.x + t * config.n_embd);
                work.rope.cos_sin(cache.position() + t, work.turns + t * config.rope_dims);
            }
        });
        rms_norm(threads, work.x, weights.layers.front().attn_norm, config.rms_eps, n, work.h);
    }

    /// Products of n tokens at `input` [n][depth of the matrices].
    template <std::size_t N>
    void multiply(const float* input, std::size_t n, const std::array<linear_job, N>& jobs) noexcept {
        std::array<matrix_view, N> users;
        std::transform(jobs.begin(), jobs.end(), users.begin(), [](const linear_job& job) { return job.w; });
        work.activations.quantize(threads, kernels, input, n, users);
        linear(threads, kernels, jobs, work.activations);
    }

    /// h [n][n_embd] -> q [kept][q_width], k and v [n][kv_width].
    void project_qkv(const layer_weights& layer, std::size_t n, std::size_t kept) noexcept {
        const linear_job q{layer.attn_q, work.q, config.q_width()};
        const linear_job k{layer.attn_k, work.k, config.kv_width()};
        const linear_job v{layer.attn_v, work.v, config.kv_width()};
        if (kept == n) return multiply(work.h, n, std::array{q, k, v});
        multiply(work.h, n, std::array{k, v});
        if (kept > 0) multiply(work.h + (n - kept) * config.n_embd, kept, std::array{q});
    }

    /// Turns q and k to their positions, unless the layer has no rotary embedding; k and v -> cache.
    void rotate_and_store(std::size_t index, std::size_t n, std::size_t kept) noexcept {
        const kv_layer layer = cache.layer(index);
        const bool rotates = config.layer_uses_rope[index];
        threads.for_blocks(n, row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
            for (std::size_t t = begin; t < end; ++t) {
                const float* turns = work.turns + t * config.rope_dims;
                float* k = work.k + t * config.kv_width();
                if (rotates) {
                    rotate_heads(k, config.n_kv_heads, config.head_dim, turns, config.rope_dims);
                    if (t >= n - kept)
                        rotate_heads(work.q + (t - (n - kept)) * config.q_width(), config.n_heads, config.head_dim,
                                     turns, config.rope_dims);
                }
                store_position(attention, workspace::attention_of(config), layer, cache.position() + t, k,
                               work.v + t * config.kv_width());
            }
        });
    }

    /// delta [kept][n_embd] = attn_output . attention(h [n][n_embd])
    void attend(std::size_t index, std::size_t n, std::size_t kept) noexcept {
        const layer_weights& layer = weights.layers[index];
        project_qkv(layer, n, kept);
        rotate_and_store(index, n, kept);
        if (kept == 0) return;
        nibble::attention(threads, {.kernels = attention,
                                    .shape = workspace::attention_of(config),
                                    .cache = cache.layer(index),
                                    .q = work.q,
                                    .n_tokens = kept,
                                    .position = cache.position() + n - kept,
                                    .scale = config.attention_scale,
                                    .out = work.h,  // [kept][n_heads][head_dim]
                                    .workspace = work.attention});
        multiply(work.h, kept, std::array{linear_job{layer.attn_output, work.delta, config.n_embd}});
    }

    /// delta [kept][n_embd] = ffn_down . (silu(ffn_gate . h) * (ffn_up . h)),  h [kept][n_embd]
    void feed_forward(const layer_weights& layer, std::size_t kept) noexcept {
        const matrix_view &gate = layer.ffn_gate, &up = layer.ffn_up;
        work.activations.quantize(threads, kernels, work.h, kept, std::array{gate, up});
        gated_linear(threads, kernels, gate, up, work.activations, work.gated, work.ups);
        multiply(work.gated, kept, std::array{linear_job{layer.ffn_down, work.delta, config.n_embd}});
    }

    /// One layer: x += attention(norm(x)), x += feed_forward(norm(x)). h is the norm of x before and after: after, the
    /// one that whatever comes next begins with.
    void run_layer(std::size_t index, std::size_t n, std::size_t kept) noexcept {
        const layer_weights& layer = weights.layers[index];
        const std::span<const float> next_norm =
            index + 1 < config.n_layers ? weights.layers[index + 1].attn_norm : weights.output_norm;
        float* x = work.x + (n - kept) * config.n_embd;

        attend(index, n, kept);
        if (kept == 0) return;
        add_rms_norm(threads, x, work.delta, layer.ffn_norm, config.rms_eps, kept, work.h);
        feed_forward(layer, kept);
        add_rms_norm(threads, x, work.delta, next_norm, config.rms_eps, kept, work.h);
    }

    /// Reads `tokens` at the positions from cache.position() on and commits them to the cache. The logits of the last
    /// `n_logits` of them go to `logits` [n_logits][n_vocab]; what only other logits would need is not computed.
    /// 1 <= tokens.size() <= work.batch; they fit into the cache; ids are below n_vocab; n_logits <= tokens.size().
    /// The same bits however tokens are split into passes, whatever the number of threads.
    /// `cancel` is looked at before each layer: returns false when it was set, with cache and logits as they were.
    bool run(std::span<const token> tokens, std::size_t n_logits, float* logits,
             const std::atomic<bool>* cancel = nullptr) noexcept {
        const std::size_t n = tokens.size(), last = config.n_layers - 1;
        embed(tokens);
        for (std::size_t index = 0; index < config.n_layers; ++index) {
            if (cancel && cancel->load(std::memory_order_relaxed)) return false;
            run_layer(index, n, index == last ? n_logits : n);
        }
        if (n_logits > 0) project_logits(n_logits, logits);
        cache.commit(n);
        return true;
    }

    /// logits [n_logits][n_vocab] = output . h, and best_logit of the last of them.
    void project_logits(std::size_t n_logits, float* logits) noexcept {
        std::fill(work.largest.begin(), work.largest.end(), largest_value{});
        multiply(work.h, n_logits, std::array{linear_job{weights.output, logits, config.n_vocab, work.largest.data()}});
        best_logit = {};
        for (const largest_value& of_thread : work.largest) best_logit.merge(of_thread);
    }
};

NIBBLE_NAMESPACE_END
