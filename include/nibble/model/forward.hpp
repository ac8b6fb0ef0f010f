// SPDX-License-Identifier: Apache-2.0
// The transformer: tokens in, logits out.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/core/token.hpp>
#include <nibble/kernels/kernel_set.hpp>
#include <nibble/model/bind.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/kv_cache.hpp>
#include <nibble/model/layer.hpp>
#include <nibble/model/workspace.hpp>
#include <nibble/ops/attention.hpp>
#include <nibble/ops/executor.hpp>
#include <nibble/ops/experts.hpp>
#include <nibble/ops/heads.hpp>
#include <nibble/ops/largest_value.hpp>
#include <nibble/ops/linear.hpp>
#include <nibble/ops/residual.hpp>
#include <nibble/ops/short_convolution.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What a forward pass works with; all borrowed. The cache and the workspace are made for the same model, the
/// workspace for at least cache.capacity() positions and threads.n_threads() workers.
struct forward_pass {
    const model_config& config;
    const model_weights& weights;
    const kernel_set& kernels;
    executor threads;
    kv_cache& cache;
    workspace& work;
    largest_value best_logit = {};  ///< of the last token that got logits

    // Below, n is the number of tokens of the pass and `kept` of those at its end whose results are still needed:
    // n, but for the last layer, which has to give its keys and values for all tokens and the rest only for the
    // tokens whose logits were asked for.

    /// x = the rows of token_embd; normed = what the first layer begins with; rope_cos_sin of each token's position.
    void embed(std::span<const token> tokens) noexcept {
        const std::size_t n_embd = config.n_embd, rope_dims = config.rope_dims;
        const matrix_view& embedding = weights.token_embd;
        const norm_weights first_norm = weights.layers.front().attention.norm;
        threads.for_blocks(tokens.size(), row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
            for (std::size_t t = begin; t < end; ++t) {
                float* x = work.x + t * n_embd;
                kernels.of(embedding).dequantize_row(embedding.row(static_cast<std::size_t>(tokens[t])), n_embd, x);
                if (config.embedding_scale != 1) kernels.elementwise.scale(x, config.embedding_scale, n_embd);
                norm_row(kernels.elementwise, x, first_norm, config.norms(), work.normed + t * n_embd, n_embd);
                for (std::size_t r = 0; r < work.ropes.size(); ++r)
                    work.ropes[r].cos_sin(cache.position() + t, work.rope_cos_sin + (r * work.batch + t) * rope_dims);
            }
        });
    }

    /// Products of n tokens at `input` [n][depth of the matrices].
    template <std::size_t N>
    void multiply(const float* input, std::size_t n, std::array<linear_job, N> jobs) noexcept {
        const token_range all{0, n};
        std::array<matrix_view, N> users;
        for (std::size_t i = 0; i < N; ++i) {
            users[i] = jobs[i].by.w;
            jobs[i].tokens = all;
        }
        work.activations.quantize(threads, input, {&all, 1}, users);
        linear(threads, jobs, work.activations);
    }

    /// normed [n][n_embd] -> q [kept][q_width], k and v [n][kv_width].
    void project_qkv(const attention_layer& layer, std::size_t n, std::size_t kept) noexcept {
        const linear_job q{layer.q, work.q, config.q_width()};
        const linear_job k{layer.k, work.k, config.kv_width()};
        const linear_job v{layer.v, work.v, config.kv_width()};
        if (kept == n) return multiply(work.normed, n, std::array{q, k, v});
        multiply(work.normed, n, std::array{k, v});
        if (kept > 0) multiply(work.normed + (n - kept) * config.n_embd, kept, std::array{q});
    }

    /// Norms and rotations of q and k; k and v -> cache.
    void finish_qkv(const attention_layer& layer, const kv_layer& cached, std::size_t n, std::size_t kept) noexcept {
        const head_rules rules{config.head_dim, config.rope_dims, config.family->pairing, config.norm_eps,
                               config.family->heads_turn_first};
        const float* cos_sin =
            layer.rope == no_rope ? nullptr : work.rope_cos_sin + layer.rope * work.batch * config.rope_dims;
        threads.for_blocks(n, row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
            for (std::size_t t = begin; t < end; ++t) {
                const float* turn = cos_sin ? cos_sin + t * config.rope_dims : nullptr;
                float* k = work.k + t * config.kv_width();
                float* v = work.v + t * config.kv_width();
                finish_heads(kernels.elementwise, rules, {layer.k_norm, turn}, k, config.n_kv_heads);
                store_position(kernels.of(cache.type()), workspace::attention_of(config), cached, cache.position() + t,
                               k, v);
                if (t < n - kept) continue;
                const float growth = config.query_growth.at(cache.position() + t);
                finish_heads(kernels.elementwise, rules, {layer.q_norm, turn, growth},
                             work.q + (t - (n - kept)) * config.q_width(), config.n_heads);
            }
        });
    }

    /// update [kept][n_embd] = output . attention(normed [n][n_embd])
    void attend(const attention_layer& layer, const kv_layer& cached, std::size_t n, std::size_t kept) noexcept {
        project_qkv(layer, n, kept);
        finish_qkv(layer, cached, n, kept);
        if (kept == 0) return;
        attention(threads, {.kernels = kernels.of(cache.type()),
                            .shape = workspace::attention_of(config),
                            .cache = cached,
                            .q = work.q,
                            .n_tokens = kept,
                            .position = cache.position() + n - kept,
                            .window = layer.window,
                            .scale = config.attention_scale,
                            .cap = config.attention_cap,
                            .sinks = layer.sinks,
                            .out = work.q,
                            .workspace = work.attention});
        multiply(work.q, kept, std::array{linear_job{layer.output, work.update, config.n_embd}});
    }

    /// update [kept][n_embd] = output . (c * convolution(b * x)) with b, c, x = input . normed [n][n_embd]. Overwrites
    /// `normed`.
    void convolve(const convolution_layer& layer, float* history, std::size_t n, std::size_t kept) noexcept {
        multiply(work.normed, n, std::array{linear_job{layer.input, work.conv_gates, 3 * config.n_embd}});
        short_convolution(threads, {.gates = work.conv_gates,
                                    .n_tokens = n,
                                    .position = cache.position(),
                                    .n_channels = config.n_embd,
                                    .kernel = layer.kernel.data(),
                                    .length = config.conv_length,
                                    .history = history,
                                    .n_kept = kept,
                                    .out = work.normed});
        if (kept > 0) multiply(work.normed, kept, std::array{linear_job{layer.output, work.update, config.n_embd}});
    }

    /// update [n][n_embd] = down . (act(gate . h) * (up . h)),  h [n][n_embd]
    void feed_forward(const feed_forward_layer& layer, const float* h, std::size_t n) noexcept {
        if (!layer.router.empty()) return use_experts(layer, h, n);
        const token_range all{0, n};
        const gated_job job{layer.gate, layer.up, work.gated, all};
        work.activations.quantize(threads, h, {&all, 1}, std::array{layer.gate.w, layer.up.w});
        gated_linear(threads, {&job, 1}, layer.act, work.activations, work.up_scratch, work.batch);
        multiply(work.gated, n, std::array{linear_job{layer.down, work.update, config.n_embd}});
    }

    /// The same of the experts that the router chooses for each token.
    void use_experts(const feed_forward_layer& layer, const float* h, std::size_t n) noexcept {
        float* logits = work.experts.logits.data();
        multiply(h, n, std::array{linear_job{layer.router, logits, config.experts.n_experts}});
        experts(threads, {.rules = config.experts,
                          .gate = layer.gate,
                          .up = layer.up,
                          .down = layer.down,
                          .act = layer.act,
                          .x = h,
                          .n_tokens = n,
                          .out = work.update,
                          .workspace = work.experts,
                          .activations = work.activations,
                          .gated = work.gated,
                          .up_scratch = work.up_scratch});
    }

    /// x += post(update), normed = next(x) unless `normed` is null, for the last n tokens of a pass, whose rows of x
    /// begin at `x`.
    void add(float* x, const norm_weights& post, const norm_weights& next, std::size_t n, float* normed) noexcept {
        residual(threads, kernels.elementwise, x, work.update, config.residual_scale, {post, next, config.norms()}, n,
                 config.n_embd, normed);
    }

    /// One layer: x += attention or convolution, x += feed_forward. It begins with the `normed` that was made for it,
    /// and makes that of what comes next.
    void run_layer(std::size_t index, std::size_t n, std::size_t kept) noexcept {
        const auto& [attn, convolution, ffn] = weights.layers[index];
        const bool is_last = index + 1 == config.n_layers;
        const norm_weights& next_norm = is_last ? weights.output_norm : weights.layers[index + 1].attention.norm;
        float* x = work.x + (n - kept) * config.n_embd;

        if (convolution.empty())
            attend(attn, cache.layer(index), n, kept);
        else
            convolve(convolution, cache.history(index), n, kept);
        if (kept == 0) return;
        if (ffn.parallel) {
            add(x, attn.post_norm, {}, kept, nullptr);
            feed_forward(ffn, work.normed + (n - kept) * config.n_embd, kept);
        } else {
            add(x, attn.post_norm, ffn.norm, kept, work.normed);
            feed_forward(ffn, work.normed, kept);
        }
        add(x, ffn.post_norm, next_norm, kept, work.normed);
    }

    // A pass reads `tokens` at the positions from cache.position() on. The logits of the last `n_logits` of them go to
    // `logits` [n_logits][n_vocab]; what only other logits would need is not computed.
    // 1 <= tokens.size() <= work.batch; they fit into the cache; ids are below n_vocab; n_logits <= tokens.size().
    // The same bits however tokens are split into passes, whatever the number of threads.

    /// A step for each layer, and one for the logits.
    [[nodiscard]] std::size_t n_steps() const noexcept { return config.n_layers + 1; }

    /// One step of a pass: 0 .. n_steps() - 1, with the same arguments. Nothing else may use the workspace in between;
    /// what is left after the last is to commit the tokens to the cache, or some of the first.
    void run_step(std::size_t step, std::span<const token> tokens, std::size_t n_logits, float* logits) noexcept {
        const std::size_t n = tokens.size();
        if (step == 0) embed(tokens);
        if (step < config.n_layers)
            run_layer(step, n, step + 1 == config.n_layers ? n_logits : n);
        else if (n_logits > 0)
            project_logits(n_logits, logits);
    }

    /// A pass at once. Returns false when the executor was stopped: the cache is then as it was, `logits` holds
    /// anything.
    bool run(std::span<const token> tokens, std::size_t n_logits, float* logits) noexcept {
        for (std::size_t step = 0; step < n_steps(); ++step) {
            run_step(step, tokens, n_logits, logits);
            if (threads.stopped()) return false;
        }
        cache.commit(tokens.size());
        return true;
    }

    /// logits [n_logits][n_vocab] = output . normed, scaled and capped, and best_logit of the last of them.
    void project_logits(std::size_t n_logits, float* logits) noexcept {
        std::fill(work.largest.begin(), work.largest.end(), largest_value{});
        const bool products_alone = config.logit_scale == 1 && config.logit_cap == 0;
        largest_value* largest = products_alone ? work.largest.data() : nullptr;
        multiply(work.normed, n_logits, std::array{linear_job{{weights.output}, logits, config.n_vocab, {}, largest}});
        if (!products_alone) finish_logits(n_logits, logits);
        best_logit = {};
        for (const largest_value& of_thread : work.largest) best_logit.merge(of_thread);
    }

    /// Scale and cap of logits, and the largest of the last row.
    void finish_logits(std::size_t n_logits, float* logits) noexcept {
        constexpr std::size_t grain = 4096;
        threads.for_blocks(config.n_vocab, grain, [&](std::size_t begin, std::size_t end, std::size_t worker) {
            for (std::size_t t = 0; t < n_logits; ++t) {
                float* row = logits + t * config.n_vocab + begin;
                kernels.elementwise.scale(row, config.logit_scale, end - begin);
                if (config.logit_cap != 0) kernels.elementwise.soft_cap(row, config.logit_cap, end - begin);
            }
            work.largest[worker].look_at({logits + (n_logits - 1) * config.n_vocab + begin, end - begin}, begin);
        });
    }
};

NIBBLE_NAMESPACE_END
