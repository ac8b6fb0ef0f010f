// SPDX-License-Identifier: Apache-2.0
// What a model's layers have, as a row of the table in docs/models.md: from the layers, as they are run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <nibble/model/bind.hpp>
#include <nibble/model/model.hpp>

namespace row_parts {

inline void append(std::string& text, std::string_view more) { text.append(text.empty() ? "" : "; ").append(more); }

/// "3 of 4 layers", or nothing if there are none.
template <class Has>
std::string layers_with(const nibble::model_config& config, const Has& has) {
    const auto n = std::count_if(config.layers.begin(), config.layers.end(), has);
    return n == 0 ? std::string{} : std::to_string(n) + " of " + std::to_string(config.n_layers) + " layers";
}

inline std::string norms(const nibble::model_family& family, const nibble::layer& layer) {
    const bool before = !layer.attention.norm.empty(), after = !layer.attention.post_norm.empty();
    const bool is_layer_norm = family.norm == nibble::norm_kind::layer;
    std::string kind = is_layer_norm ? "layer norm" : "norm";
    if (!layer.attention.norm.bias.empty()) kind += " with bias";
    if (family.parallel) return "one " + kind + " for both blocks, which work side by side";
    return (before && after ? "before and after" : after ? "after" : "before") + (is_layer_norm ? ": " + kind : "");
}

inline std::string queries_and_keys(const nibble::model_config& config, const nibble::attention_layer& attention) {
    std::string text;
    if (config.family->required.has(nibble::tensor_id::attn_qkv)) append(text, "one matrix with values");
    if (!attention.q.bias.empty()) append(text, attention.v.bias.empty() ? "biases" : "biases, on values too");
    if (!attention.q_norm.empty()) {
        append(text, attention.q_norm.size() == config.head_dim ? "norm of each head" : "norm of the whole row");
        if (config.family->heads_turn_first) text += ", after it has turned";
    }
    if (!attention.sinks.empty()) append(text, "a sink for each head");
    if (config.attention_cap != 0) append(text, "scores capped");
    if (config.query_growth.scale != 0) append(text, "queries grow with their position");
    const auto convolutions = layers_with(config, [](const auto& layer) { return layer.convolution; });
    if (!convolutions.empty()) append(text, convolutions + ": a short convolution instead of attention");
    return text;
}

inline std::string rope(const nibble::model& model) {
    const auto& config = model.config();
    const auto still = layers_with(config, [](const auto& layer) { return layer.rope == nibble::no_rope; });
    std::string text = config.family->pairing == nibble::rope_pairing::halves ? "halves" : "interleaved";
    if (config.rope_dims < config.head_dim)
        text +=
            ", " + std::to_string(config.rope_dims) + " of " + std::to_string(config.head_dim) + " values of a head";
    constexpr std::string_view methods[] = {"", "linear", "yarn", "longrope"};
    const auto method = methods[static_cast<std::size_t>(config.ropes[0].scaling.type)];
    if (!method.empty()) append(text, method);
    if (!model.weights().rope_freqs.empty()) append(text, "divisors");
    if (config.ropes.size() > 1) append(text, "with a window: a rotation of its own");
    if (!still.empty()) append(text, still + ": none");
    return text;
}

inline std::string window(const nibble::model_config& config) {
    std::size_t length = 0;
    const auto layers = layers_with(config, [&](const auto& layer) {
        if (layer.window != nibble::no_window) length = layer.window;
        return layer.window != nibble::no_window;
    });
    return layers.empty() ? layers : layers + ": " + std::to_string(length) + " positions";
}

inline std::string feed_forward(const nibble::model_config& config, const nibble::feed_forward_layer& block) {
    constexpr std::string_view activations[] = {"SiLU", "GELU, tanh form", "clamped SiLU"};
    std::string text{activations[static_cast<std::size_t>(block.act)]};
    if (block.up.empty()) text += ", without a gate";
    if (config.family->required.has(nibble::tensor_id::ffn_gate_up)) text += ", gate and up in one matrix";
    if (!block.down.bias.empty()) append(text, "biases");
    if (config.experts.n_experts == 0) return text;
    append(text,
           std::to_string(config.experts.n_used) + " of " + std::to_string(config.experts.n_experts) + " experts");
    return config.experts.normalised ? text : text + ", whose weights do not sum to 1";
}

}  // namespace row_parts

/// What each column says of the model, in their order.
inline nlohmann::ordered_json family_row_of(const nibble::model& model) {
    const auto& config = model.config();
    const auto& layers = model.weights().layers;
    const auto attends = [](const nibble::layer& layer) { return layer.convolution.empty(); };
    const auto& typical = *std::find_if(layers.begin(), layers.end() - 1, attends);  // of those with attention, if any
    return {{"family", std::string{config.family->name}},
            {"norms of a block", row_parts::norms(*config.family, typical)},
            {"queries and keys", row_parts::queries_and_keys(config, typical.attention)},
            {"rope", row_parts::rope(model)},
            {"window", row_parts::window(config)},
            {"feed-forward", row_parts::feed_forward(config, typical.feed_forward)}};
}
