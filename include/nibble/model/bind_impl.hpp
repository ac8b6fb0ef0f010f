// SPDX-License-Identifier: Apache-2.0
// Definitions of model/bind.hpp: which tensor goes where.
#pragma once

#include <cstddef>
#include <span>

#include <nibble/gguf/file.hpp>
#include <nibble/model/bind.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/layer.hpp>
#include <nibble/model/tensors.hpp>
#include <nibble/model/weight_binder.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// The first of two tensors of which a family has one at most.
template <class View>
[[nodiscard]] inline View either(View one, View other) noexcept {
    return one.empty() ? other : one;
}

/// What is bound for one layer.
class layer_binder {
public:
    layer_binder(weight_binder& bind, const model_config& config, std::size_t index)
        : bind_(bind), config_(config), index_(index) {}

    [[nodiscard]] attention_layer attention() {
        const std::size_t q_width = config_.q_width(), kv_width = config_.kv_width();
        const projection qkv = linear(tensor_id::attn_qkv, tensor_id::attn_qkv_bias);
        return {.norm = {vector(tensor_id::attn_norm), vector(tensor_id::attn_norm_bias)},
                .post_norm = {vector(tensor_id::attn_post_norm)},
                .q = either(qkv.rows(0, q_width), linear(tensor_id::attn_q, tensor_id::attn_q_bias)),
                .k = either(qkv.rows(q_width, kv_width), linear(tensor_id::attn_k, tensor_id::attn_k_bias)),
                .v = either(qkv.rows(q_width + kv_width, kv_width), linear(tensor_id::attn_v, tensor_id::attn_v_bias)),
                .q_norm = either(vector(tensor_id::attn_q_norm), vector(tensor_id::attn_q_norm_whole)),
                .k_norm = either(vector(tensor_id::attn_k_norm), vector(tensor_id::attn_k_norm_whole)),
                .sinks = vector(tensor_id::attn_sinks),
                .output = linear(tensor_id::attn_output, tensor_id::attn_output_bias),
                .rope = config_.layers[index_].rope,
                .window = config_.layers[index_].window};
    }

    [[nodiscard]] convolution_layer convolution() {
        return {.input = {bind_.matrix(tensor_id::shortconv_input, index_)},
                .kernel = vector(tensor_id::shortconv_kernel),
                .output = {bind_.matrix(tensor_id::shortconv_output, index_)}};
    }

    [[nodiscard]] feed_forward_layer feed_forward() {
        const projection router = linear(tensor_id::ffn_gate_inp, tensor_id::ffn_gate_inp_bias);
        const projection gate_up{bind_.matrix(tensor_id::ffn_gate_up, index_)};
        const projection gate = either(linear(tensor_id::ffn_gate, tensor_id::ffn_gate_bias),
                                       linear(tensor_id::ffn_gate_exps, tensor_id::ffn_gate_exps_bias));
        const projection up = either(linear(tensor_id::ffn_up, tensor_id::ffn_up_bias),
                                     linear(tensor_id::ffn_up_exps, tensor_id::ffn_up_exps_bias));
        const bool is_gated = !gate.empty();
        return {.norm = {either(vector(tensor_id::ffn_norm), vector(tensor_id::ffn_norm_post_attention)),
                         vector(tensor_id::ffn_norm_bias)},
                .post_norm = {vector(tensor_id::ffn_post_norm)},
                .router = router,
                .gate = either(gate_up.rows(0, config_.n_ff), is_gated ? gate : up),
                .up = either(gate_up.rows(config_.n_ff, config_.n_ff), is_gated ? up : projection{}),
                .down = either(linear(tensor_id::ffn_down, tensor_id::ffn_down_bias),
                               linear(tensor_id::ffn_down_exps, tensor_id::ffn_down_exps_bias)),
                .act = config_.family->act,
                .parallel = config_.family->parallel};
    }

private:
    [[nodiscard]] std::span<const float> vector(tensor_id id) { return bind_.vector(id, index_); }
    [[nodiscard]] projection linear(tensor_id w, tensor_id bias) {
        const matrix_view found = bind_.matrix(w, index_);
        return {found, found.empty() ? std::span<const float>{} : vector(bias)};
    }

    weight_binder& bind_;
    const model_config& config_;
    std::size_t index_;
};

}  // namespace detail

NIBBLE_FUNCTION model_weights bind_weights(const gguf::file& file, const model_config& config) {
    model_weights weights;
    detail::weight_binder bind{file, config, weights.converted};
    weights.token_embd = bind.matrix(tensor_id::token_embd);
    weights.layers.reserve(config.n_layers);
    for (std::size_t index = 0; index < config.n_layers; ++index) {
        detail::layer_binder layer{bind, config, index};
        weights.layers.push_back({layer.attention(), layer.convolution(), layer.feed_forward()});
    }
    weights.output_norm = {detail::either(bind.vector(tensor_id::output_norm), bind.vector(tensor_id::token_embd_norm)),
                           bind.vector(tensor_id::output_norm_bias)};
    weights.output = bind.matrix(tensor_id::output);
    weights.tied = weights.output.empty();
    if (weights.tied) weights.output = weights.token_embd;
    weights.rope_freqs = bind.divisors(tensor_id::rope_freqs);
    const bool has_factors = config.ropes[0].scaling.type == rope_scaling::method::longrope;
    weights.rope_factors_long = bind.divisors(tensor_id::rope_factors_long, has_factors);
    weights.rope_factors_short = bind.divisors(tensor_id::rope_factors_short, has_factors);
    bind.refuse_unused();
    return weights;
}

NIBBLE_NAMESPACE_END
