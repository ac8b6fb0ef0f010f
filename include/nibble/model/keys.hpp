// SPDX-License-Identifier: Apache-2.0
// How the fields of a model's configuration are spelled in files: metadata keys, their aliases and their ranges.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/ops/short_convolution.hpp>  // longest_convolution

NIBBLE_NAMESPACE_BEGIN

// clang-format off
/// The canonical fields of a model's configuration that a file may state.
enum class config_key {
    n_layers, n_ctx_train, n_embd, n_ff, n_ff_expert, n_experts, n_experts_used, expert_weights_norm,
    expert_weights_scale, n_heads, n_kv_heads, key_length, value_length, n_vocab, conv_length, rms_eps,
    layer_norm_eps, attention_scale, attention_temperature, attention_cap, embedding_scale, residual_scale,
    logit_scale, logit_cap, window, window_pattern, rope_dims, rope_freq_base, rope_freq_base_window, rope_finetuned,
    rope_scaling_type, rope_scaling_factor, rope_scaling_context, rope_scaling_attn_factor,
    rope_scaling_log_multiplier, rope_scaling_beta_fast, rope_scaling_beta_slow,
};

/// How a canonical field is spelled in files, and the range it must lie in (ends included). The keys are
/// "<architecture>." + suffix; the aliases take the place of the suffix and mean exactly the same.
struct key_row {
    config_key id;
    std::string_view field;   ///< nibble's name for it
    std::string_view suffix;  ///< the specification's
    std::array<std::string_view, 2> aliases;
    double least, most;  ///< integers stay below 2^53, so doubles hold these exactly
    bool zero_is_none = false;  ///< a 0 is as good as no key
};

/// The bounds are far above any real model, and low enough that no product of sizes below overflows 64 bits:
/// 2^12 heads x 2^12 values, 2^24 rows x 2^20 values, 2^12 experts x 2^22 rows x 2^20 values.
inline constexpr std::array config_keys{
    key_row{config_key::n_layers, "n_layers", "block_count", {"num_hidden_layers"}, 1, 1024},
    key_row{config_key::n_ctx_train, "n_ctx_train", "context_length", {"max_position_embeddings"}, 1, 0x7fffffff},
    key_row{config_key::n_embd, "n_embd", "embedding_length", {"hidden_size"}, 1, 1 << 20},
    key_row{config_key::n_ff, "n_ff", "feed_forward_length", {"intermediate_size"}, 1, 1 << 22},
    key_row{config_key::n_ff_expert, "n_ff_expert", "expert_feed_forward_length", {}, 1, 1 << 22},
    key_row{config_key::n_experts, "n_experts", "expert_count", {}, 0, 4096},
    key_row{config_key::n_experts_used, "n_experts_used", "expert_used_count", {}, 1, 4096},
    key_row{config_key::expert_weights_norm, "expert_weights_norm", "expert_weights_norm", {}, 0, 1},
    key_row{config_key::expert_weights_scale, "expert_weights_scale", "expert_weights_scale", {}, 1e-6, 1e6},
    key_row{config_key::n_heads, "n_heads", "attention.head_count", {"num_attention_heads"}, 1, 4096},
    key_row{config_key::n_kv_heads, "n_kv_heads", "attention.head_count_kv", {"num_key_value_heads"}, 1, 4096},
    key_row{config_key::key_length, "head_dim", "attention.key_length", {"head_dim"}, 2, 4096},
    key_row{config_key::value_length, "value_length", "attention.value_length", {}, 2, 4096},
    key_row{config_key::n_vocab, "n_vocab", "vocab_size", {}, 1, 1 << 24},
    key_row{config_key::conv_length, "conv_length", "shortconv.l_cache", {}, 1, longest_convolution},
    key_row{config_key::rms_eps, "rms_eps", "attention.layer_norm_rms_epsilon", {"rms_norm_eps"}, 1e-12, 0.1},
    key_row{config_key::layer_norm_eps, "layer_norm_eps", "attention.layer_norm_epsilon", {}, 1e-12, 0.1},
    key_row{config_key::attention_scale, "attention_scale", "attention.scale", {}, 1e-6, 1e3, true},
    key_row{config_key::attention_temperature, "attention_temperature", "attention.temperature_scale", {},
            1e-6, 1e3, true},
    key_row{config_key::attention_cap, "attention_cap", "attn_logit_softcapping", {}, 1e-3, 1e6, true},
    key_row{config_key::embedding_scale, "embedding_scale", "embedding_scale", {}, 1e-6, 1e6, true},
    key_row{config_key::residual_scale, "residual_scale", "residual_scale", {}, 1e-6, 1e6, true},
    key_row{config_key::logit_scale, "logit_scale", "logit_scale", {}, 1e-6, 1e6, true},
    key_row{config_key::logit_cap, "logit_cap", "final_logit_softcapping", {}, 1e-3, 1e6, true},
    key_row{config_key::window, "window", "attention.sliding_window", {}, 0, 0x7fffffff},
    key_row{config_key::window_pattern, "window_pattern", "attention.sliding_window_pattern", {}, 1, 1024},
    key_row{config_key::rope_dims, "rope_dims", "rope.dimension_count", {}, 2, 4096},
    key_row{config_key::rope_freq_base, "rope_freq_base", "rope.freq_base", {"rope.theta", "rope_theta"}, 1, 1e15},
    key_row{config_key::rope_freq_base_window, "rope_freq_base_window", "rope.freq_base_swa", {}, 1, 1e15},
    key_row{config_key::rope_finetuned, "rope_finetuned", "rope.scaling.finetuned", {}, 0, 1},
    key_row{config_key::rope_scaling_type, "rope_scaling.type", "rope.scaling.type", {}, 0, 0},
    key_row{config_key::rope_scaling_factor, "rope_scaling.factor", "rope.scaling.factor", {"rope.scale_linear"},
            1e-3, 1e6},
    key_row{config_key::rope_scaling_context, "rope_scaling.original_context",
            "rope.scaling.original_context_length", {}, 1, 0x7fffffff},
    key_row{config_key::rope_scaling_attn_factor, "rope_scaling.attn_factor", "rope.scaling.attn_factor", {},
            1e-3, 1e3},
    key_row{config_key::rope_scaling_log_multiplier, "rope_scaling.log_multiplier",
            "rope.scaling.yarn_log_multiplier", {}, 0, 1e3},
    key_row{config_key::rope_scaling_beta_fast, "rope_scaling.beta_fast", "rope.scaling.yarn_beta_fast", {},
            1e-3, 1e6},
    key_row{config_key::rope_scaling_beta_slow, "rope_scaling.beta_slow", "rope.scaling.yarn_beta_slow", {},
            1e-3, 1e6},
};

// clang-format on
[[nodiscard]] constexpr const key_row& row_of(config_key id) noexcept {
    return config_keys[static_cast<std::size_t>(id)];
}

/// Keys that change what a model computes, and the one value of each that changes nothing. A file with another value is
/// refused if nothing has read the key, as its family does not have what it is about: it would load and talk nonsense.
struct neutral_row {
    std::string_view suffix;
    double neutral;
};

inline constexpr std::array neutral_keys{
    neutral_row{"expert_count", 0},
    neutral_row{"expert_gating_func", 1},  // softmax
    neutral_row{"expert_group_count", 1},
    neutral_row{"nextn_predict_layers", 0},
    neutral_row{"attention.sliding_window", 0},
    neutral_row{"attention.causal", 1},
    neutral_row{"attention.clamp_kqv", 0},
    neutral_row{"attention.max_alibi_bias", 0},
    neutral_row{"attention.temperature_scale", 0},
    neutral_row{"attn_logit_softcapping", 0},
    neutral_row{"final_logit_softcapping", 0},
    neutral_row{"use_parallel_residual", 0},
    neutral_row{"embedding_scale", 1},
    neutral_row{"residual_scale", 1},
    neutral_row{"logit_scale", 1},
    neutral_row{"rope.scaling.yarn_ext_factor", 1},
    neutral_row{"rope.scaling.attn_factor", 1},  // YaRN reads the two
    neutral_row{"rope.scaling.yarn_log_multiplier", 0},
};

namespace detail {
/// Whether row i of a table describes enumerator i, so that row_of can index it.
[[nodiscard]] constexpr bool in_order(const auto& table) noexcept {
    for (std::size_t i = 0; i < table.size(); ++i)
        if (static_cast<std::size_t>(table[i].id) != i) return false;
    return true;
}
static_assert(in_order(config_keys));
}  // namespace detail

NIBBLE_NAMESPACE_END
