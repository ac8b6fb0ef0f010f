// SPDX-License-Identifier: Apache-2.0
// The transformer: tokens in, logits out.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/core/token.hpp>
#include <nibble/kernels/kernel_set.hpp>
#include <nibble/model/batch.hpp>
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

/// What a forward pass works with; all borrowed. The workspace is made for the same model and for at least
/// threads.n_threads() workers.
struct forward_pass {
    const model_config& config;
    const model_weights& weights;
    const kernel_set& kernels;
    executor threads;
    workspace& work;

    // Below, `rows` are the tokens of the pass and `kept` those whose results are still needed: all, but for the last
    // layer, which has to give its keys and values for all tokens and the rest only for those whose results are wanted.
    using batch_rows = array_view<batch_row>;

    // of the pass under way
    array_view<batch_part> parts = {};
    batch_rows placed = {}, wanted = {};  ///< its tokens, and those of them with results

    /// x = the rows of token_embd; normed = what the first layer begins with; rope_cos_sin of each token's position.
    void embed(batch_rows rows) noexcept {
        const std::size_t n_embd = config.n_embd, rope_dims = config.rope_dims;
        const matrix_view& embedding = weights.token_embd;
        const norm_weights first_norm = weights.layers.front().attention.norm;
        threads.for_blocks(rows.size(), row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
            for (std::size_t t = begin; t < end; ++t) {
                float* x = work.x + t * n_embd;
                kernels.of(embedding).dequantize_row(embedding.row(static_cast<std::size_t>(rows[t].id)), n_embd, x);
                if (config.embedding_scale != 1) kernels.elementwise.scale(x, config.embedding_scale, n_embd);
                norm_row(kernels.elementwise, x, first_norm, config.norms(), work.normed + t * n_embd, n_embd);
                for (std::size_t r = 0; r < work.ropes.size(); ++r)
                    work.ropes[r].cos_sin(rows[t].position, work.rope_cos_sin + (r * work.batch + t) * rope_dims);
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

    /// x and normed: the rows of `kept` move to the front.
    void keep(batch_rows kept) noexcept {
        for (std::size_t i = 0; i < kept.size(); ++i) {
            if (kept[i].row == i) continue;
            for (float* rows : {work.x, work.normed})
                std::copy_n(rows + kept[i].row * config.n_embd, config.n_embd, rows + i * config.n_embd);
        }
    }

    /// normed [rows][n_embd] -> q [kept][q_width], k and v [rows][kv_width].
    void project_qkv(const attention_layer& layer, batch_rows rows, batch_rows kept) noexcept {
        const linear_job q{layer.q, work.q, config.q_width()};
        const linear_job k{layer.k, work.k, config.kv_width()};
        const linear_job v{layer.v, work.v, config.kv_width()};
        if (kept.size() == rows.size()) return multiply(work.normed, rows.size(), std::array{q, k, v});
        multiply(work.normed, rows.size(), std::array{k, v});
        keep(kept);
        if (!kept.empty()) multiply(work.normed, kept.size(), std::array{q});
    }

    /// Norms and rotations of q and k; k and v -> cache.
    void finish_qkv(const attention_layer& layer, std::size_t index, batch_rows rows, batch_rows kept) noexcept {
        const head_rules rules{config.head_dim, config.rope_dims, config.family->pairing, config.norm_eps,
                               config.family->heads_turn_first};
        const auto turn_of = [&](const batch_row& of) -> const float* {
            if (layer.rope == no_rope) return nullptr;
            return work.rope_cos_sin + (layer.rope * work.batch + of.row) * config.rope_dims;
        };
        threads.for_blocks(rows.size(), row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
            for (std::size_t t = begin; t < end; ++t) {
                float* k = work.k + t * config.kv_width();
                float* v = work.v + t * config.kv_width();
                const kv_cache& cache = *parts[rows[t].part].cache;
                finish_heads(kernels.elementwise, rules, {layer.k_norm, turn_of(rows[t])}, k, config.n_kv_heads);
                store_position(kernels.of(cache.pool()->type()), workspace::attention_of(config), cache.layer(index),
                               rows[t].position, k, v);
                if (t >= kept.size()) continue;
                const float growth = config.query_growth.at(kept[t].position);
                finish_heads(kernels.elementwise, rules, {layer.q_norm, turn_of(kept[t]), growth},
                             work.q + t * config.q_width(), config.n_heads);
            }
        });
    }

    /// The tokens of each sequence among `kept`.
    [[nodiscard]] array_view<attention_part> attention_parts(std::size_t index, batch_rows kept) noexcept {
        std::size_t n_parts = 0;
        attention_part* part = work.attention_parts.data();
        for (std::size_t i = 0; i < kept.size(); ++i) {
            if (i > 0 && kept[i].part == kept[i - 1].part)
                ++part[n_parts - 1].n_tokens;
            else
                part[n_parts++] = {parts[kept[i].part].cache->layer(index), i, 1, kept[i].position};
        }
        return {part, n_parts};
    }

    /// update [kept][n_embd] = output . attention(normed [rows][n_embd])
    void attend(const attention_layer& layer, std::size_t index, batch_rows rows, batch_rows kept) noexcept {
        project_qkv(layer, rows, kept);
        finish_qkv(layer, index, rows, kept);
        if (kept.empty()) return;
        attention(threads, {.kernels = kernels.of(parts.front().cache->pool()->type()),
                            .shape = workspace::attention_of(config),
                            .parts = attention_parts(index, kept),
                            .q = work.q,
                            .window = layer.window,
                            .scale = config.attention_scale,
                            .cap = config.attention_cap,
                            .sinks = layer.sinks,
                            .out = work.q,
                            .workspace = work.attention});
        multiply(work.q, kept.size(), std::array{linear_job{layer.output, work.update, config.n_embd}});
    }

    /// update [kept][n_embd] = output . (c * convolution(b * x)) with b, c, x = input . normed [rows][n_embd].
    /// Overwrites `normed`.
    void convolve(const convolution_layer& layer, std::size_t index, batch_rows rows, batch_rows kept) noexcept {
        multiply(work.normed, rows.size(), std::array{linear_job{layer.input, work.conv_gates, 3 * config.n_embd}});
        const bool keeps_all = kept.size() == rows.size();
        if (!keeps_all) keep(kept);
        std::size_t first = 0, first_kept = 0;
        for (const batch_part& part : parts) {
            const std::size_t n_kept = keeps_all ? part.tokens.size() : part.n_results;
            short_convolution(threads, {.gates = work.conv_gates + 3 * first * config.n_embd,
                                        .n_tokens = part.tokens.size(),
                                        .position = part.cache->position(),
                                        .n_channels = config.n_embd,
                                        .kernel = layer.kernel.data(),
                                        .length = config.conv_length,
                                        .history = part.cache->history(index),
                                        .n_kept = n_kept,
                                        .out = work.normed + first_kept * config.n_embd});
            first += part.tokens.size();
            first_kept += n_kept;
        }
        if (kept.empty()) return;
        multiply(work.normed, kept.size(), std::array{linear_job{layer.output, work.update, config.n_embd}});
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

    /// x += post(update), normed = next(x) unless `normed` is null, for n tokens.
    void add(const norm_weights& post, const norm_weights& next, std::size_t n, float* normed) noexcept {
        residual(threads, kernels.elementwise, work.x, work.update, config.residual_scale, {post, next, config.norms()},
                 n, config.n_embd, normed);
    }

    /// One layer: x += attention or convolution, x += feed_forward. It begins with the `normed` that was made for it,
    /// and makes that of what comes next.
    void run_layer(std::size_t index, batch_rows rows, batch_rows kept) noexcept {
        const auto& [attn, convolution, ffn] = weights.layers[index];
        const bool is_last = index + 1 == config.n_layers;
        const norm_weights& next_norm = is_last ? weights.output_norm : weights.layers[index + 1].attention.norm;
        if (convolution.empty())
            attend(attn, index, rows, kept);
        else
            convolve(convolution, index, rows, kept);
        if (kept.empty()) return;
        add(attn.post_norm, ffn.norm, kept.size(), ffn.parallel ? nullptr : work.normed);
        feed_forward(ffn, work.normed, kept.size());
        add(ffn.post_norm, next_norm, kept.size(), work.normed);
    }

    /// parts -> placed and wanted.
    void place() noexcept {
        std::size_t n = 0, n_results = 0;
        for (std::size_t p = 0; p < parts.size(); ++p) {
            const auto& [tokens, cache, n_wanted] = parts[p];
            for (std::size_t i = 0; i < tokens.size(); ++i, ++n) {
                work.rows.data()[n] = {tokens[i], n, p, cache->position() + i};
                if (tokens.size() - i <= n_wanted) work.results.data()[n_results++] = work.rows.data()[n];
            }
        }
        placed = {work.rows.data(), n};
        wanted = {work.results.data(), n_results};
    }

    // A pass reads the tokens of the parts of a batch, at most work.batch in all, and gives the results that are
    // wanted; what only others would need is not computed. All parts are of one pool. The same bits however tokens are
    // split into passes, whatever else a pass reads, whatever the number of threads.

    /// A step for each layer, and one for the results.
    [[nodiscard]] std::size_t n_steps() const noexcept { return config.n_layers + 1; }

    /// One step of a pass: 0 .. n_steps() - 1, with the same arguments. Nothing else may use the workspace in between;
    /// what is left after the last is to commit the tokens to their caches, or some of the first.
    void run_step(std::size_t step, array_view<batch_part> batch, const batch_results& results) noexcept {
        parts = batch;
        if (step == 0) {
            place();
            embed(placed);
        }
        if (step < config.n_layers) return run_layer(step, placed, step + 1 == config.n_layers ? wanted : placed);
        if (results.hidden) std::copy_n(work.normed, wanted.size() * config.n_embd, results.hidden);
        if (results.logits && !wanted.empty()) project_logits(wanted.size(), results);
    }

    /// A pass at once. Returns false when the executor was stopped: the caches are then as they were, the results hold
    /// anything.
    bool run(array_view<batch_part> batch, const batch_results& results) noexcept {
        for (std::size_t step = 0; step < n_steps(); ++step) {
            run_step(step, batch, results);
            if (threads.stopped()) return false;
        }
        for (const batch_part& part : batch) part.cache->commit(part.tokens.size());
        return true;
    }

    /// logits [n_logits][n_vocab] = output . normed, scaled and capped, and the best of the last row.
    void project_logits(std::size_t n_logits, const batch_results& results) noexcept {
        std::fill(work.largest.begin(), work.largest.end(), largest_value{});
        const bool products_alone = config.logit_scale == 1 && config.logit_cap == 0;
        largest_value* largest = products_alone ? work.largest.data() : nullptr;
        multiply(work.normed, n_logits,
                 std::array{linear_job{{weights.output}, results.logits, config.n_vocab, {}, largest}});
        if (!products_alone) finish_logits(n_logits, results.logits);
        if (!results.best_logit) return;
        *results.best_logit = {};
        for (const largest_value& of_thread : work.largest) results.best_logit->merge(of_thread);
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
