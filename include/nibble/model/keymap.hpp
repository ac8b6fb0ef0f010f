// SPDX-License-Identifier: Apache-2.0
// What nibble knows about model files, as tables: architectures, metadata keys and tensor names with their aliases.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <nibble/core/config.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/file.hpp>

NIBBLE_NAMESPACE_BEGIN

enum class architecture { llama, smollm3 };

/// Which values of a head rotary embedding turns together. Query and key rows lie in the file in the matching order.
enum class rope_kind {
    interleaved,  ///< values 2i and 2i+1
};

/// One family of models. What differs between families is here and nowhere else. A default is used when neither a
/// key nor a shape gives the value; 0 means that there is no sensible one and the key is required.
struct architecture_row {
    architecture id;
    std::string_view name;  ///< `general.architecture`, and the prefix of the keys
    rope_kind rope;
    std::size_t nope_interval;  ///< every nope_interval-th layer has no rotary embedding; 0: every layer has it
    std::uint64_t n_ctx_train;  ///< default
    double rope_freq_base;      ///< default
    double rms_eps;             ///< default
};

/// No key of a smollm3 file carries the interval of 4, it belongs to the architecture; the defaults are those of
/// SmolLM3-3B. The llama base of 10000 is the GGUF specification's; llama models differ in the other two.
inline constexpr std::array architectures{
    architecture_row{architecture::llama, "llama", rope_kind::interleaved, 0, 0, 10000.0, 0.0},
    architecture_row{architecture::smollm3, "smollm3", rope_kind::interleaved, 4, 65536, 5e6, 1e-6},
};

[[nodiscard]] constexpr const architecture_row* find_architecture(std::string_view name) noexcept {
    for (const auto& row : architectures)
        if (row.name == name) return &row;
    return nullptr;
}

[[nodiscard]] constexpr std::string_view name_of(architecture arch) noexcept {
    return architectures[static_cast<std::size_t>(arch)].name;
}

// clang-format off
/// The canonical fields of a model's configuration that a file may state.
enum class config_key {
    n_layers, n_ctx_train, n_embd, n_ff, n_heads, n_kv_heads, key_length, value_length, n_vocab, rope_dims,
    rope_freq_base, rms_eps, attention_scale, rope_scaling_type, rope_scaling_factor, rope_scaling_context,
    rope_scaling_attn_factor, rope_scaling_beta_fast, rope_scaling_beta_slow,
};

/// How a canonical field is spelled in files, and the range it must lie in (ends included). The keys are
/// "<architecture>." + suffix; the aliases take the place of the suffix and mean exactly the same.
struct key_row {
    config_key id;
    std::string_view field;   ///< nibble's name for it
    std::string_view suffix;  ///< the specification's
    std::array<std::string_view, 2> aliases;
    double least, most;  ///< integers stay below 2^53, so doubles hold these exactly
};

/// The bounds are far above any real model, and low enough that no product of sizes below overflows 64 bits:
/// 2^12 heads x 2^12 values, 2^24 rows x 2^20 values.
inline constexpr std::array config_keys{
    key_row{config_key::n_layers, "n_layers", "block_count", {"num_hidden_layers"}, 1, 1024},
    key_row{config_key::n_ctx_train, "n_ctx_train", "context_length", {"max_position_embeddings"}, 1, 0x7fffffff},
    key_row{config_key::n_embd, "n_embd", "embedding_length", {"hidden_size"}, 1, 1 << 20},
    key_row{config_key::n_ff, "n_ff", "feed_forward_length", {"intermediate_size"}, 1, 1 << 22},
    key_row{config_key::n_heads, "n_heads", "attention.head_count", {"num_attention_heads"}, 1, 4096},
    key_row{config_key::n_kv_heads, "n_kv_heads", "attention.head_count_kv", {"num_key_value_heads"}, 1, 4096},
    key_row{config_key::key_length, "head_dim", "attention.key_length", {"head_dim"}, 2, 4096},
    key_row{config_key::value_length, "value_length", "attention.value_length", {}, 2, 4096},
    key_row{config_key::n_vocab, "n_vocab", "vocab_size", {}, 1, 1 << 24},
    key_row{config_key::rope_dims, "rope_dims", "rope.dimension_count", {}, 2, 4096},
    key_row{config_key::rope_freq_base, "rope_freq_base", "rope.freq_base", {"rope.theta", "rope_theta"}, 1, 1e15},
    key_row{config_key::rms_eps, "rms_eps", "attention.layer_norm_rms_epsilon", {"rms_norm_eps"}, 1e-12, 0.1},
    key_row{config_key::attention_scale, "attention_scale", "attention.scale", {}, 1e-6, 1e3},
    key_row{config_key::rope_scaling_type, "rope_scaling.type", "rope.scaling.type", {}, 0, 0},
    key_row{config_key::rope_scaling_factor, "rope_scaling.factor", "rope.scaling.factor", {"rope.scale_linear"},
            1e-3, 1e6},
    key_row{config_key::rope_scaling_context, "rope_scaling.original_context",
            "rope.scaling.original_context_length", {}, 1, 0x7fffffff},
    key_row{config_key::rope_scaling_attn_factor, "rope_scaling.attn_factor", "rope.scaling.attn_factor",
            {"rope.scaling.yarn_attn_factor"}, 1e-3, 1e3},
    key_row{config_key::rope_scaling_beta_fast, "rope_scaling.beta_fast", "rope.scaling.yarn_beta_fast", {},
            1e-3, 1e6},
    key_row{config_key::rope_scaling_beta_slow, "rope_scaling.beta_slow", "rope.scaling.yarn_beta_slow", {},
            1e-3, 1e6},
};

// clang-format on
[[nodiscard]] constexpr const key_row& row_of(config_key id) noexcept {
    return config_keys[static_cast<std::size_t>(id)];
}

/// Keys that change what a model computes in a way that nibble does not implement, and the one value of each that
/// changes nothing. A file with another value is refused: it would load and talk nonsense.
struct neutral_row {
    std::string_view suffix;
    double neutral;
};

inline constexpr std::array neutral_keys{
    neutral_row{"expert_count", 0},
    neutral_row{"nextn_predict_layers", 0},
    neutral_row{"attention.sliding_window", 0},
    neutral_row{"attention.causal", 1},
    neutral_row{"attention.clamp_kqv", 0},
    neutral_row{"attention.max_alibi_bias", 0},
    neutral_row{"attn_logit_softcapping", 0},
    neutral_row{"final_logit_softcapping", 0},
    neutral_row{"use_parallel_residual", 0},
    neutral_row{"embedding_scale", 1},
    neutral_row{"residual_scale", 1},
    neutral_row{"logit_scale", 1},
    neutral_row{"rope.scaling.yarn_ext_factor", 1},
    neutral_row{"rope.scaling.yarn_log_multiplier", 0},
};

/// Calls visit(key, value, is_alias) for every spelling of "<arch>.suffix" that the file holds: the real key first,
/// then its aliases, then the same under the names of the other architectures.
template <class Visit>
void for_each_spelling(const gguf::file& file, const architecture_row& arch, std::string_view suffix,
                       std::span<const std::string_view> aliases, Visit&& visit) {
    const auto try_key = [&](std::string_view prefix, std::string_view ending) {
        if (ending.empty()) return;
        const std::string key = std::string{prefix} + '.' + std::string{ending};
        if (const gguf::value* found = file.find(key)) visit(key, *found, prefix != arch.name || ending != suffix);
    };
    const auto try_prefix = [&](std::string_view prefix) {
        try_key(prefix, suffix);
        for (const auto alias : aliases) try_key(prefix, alias);
    };
    try_prefix(arch.name);
    for (const auto& other : architectures)
        if (other.name != arch.name) try_prefix(other.name);
}

/// Sizes of weight tensors in terms of the configuration.
enum class extent {
    one,  ///< 1: the tensor is a vector
    n_embd,
    n_vocab,
    n_ff,
    q_width,     ///< n_heads * head_dim
    kv_width,    ///< n_kv_heads * head_dim
    rope_pairs,  ///< rope_dims / 2
};

// clang-format off
enum class tensor_id {
    token_embd, output_norm, output, rope_freqs,
    attn_norm, attn_q, attn_k, attn_v, attn_output, ffn_norm, ffn_gate, ffn_up, ffn_down,
};

/// A weight tensor: `rows` rows of `depth` values. The real name is NAME.weight, or blk.N.NAME.weight.
/// Names of Hugging Face's checkpoints (model.layers.N.self_attn.q_proj) are no aliases on purpose: their query and
/// key rows lie in another order, which no check of shapes would notice.
struct tensor_row {
    tensor_id id;
    std::string_view name;
    std::string_view alias;  ///< another accepted spelling, or empty
    extent depth, rows;
    bool per_layer;
};

inline constexpr std::array model_tensors{
    tensor_row{tensor_id::token_embd, "token_embd", "tok_embeddings", extent::n_embd, extent::n_vocab, false},
    tensor_row{tensor_id::output_norm, "output_norm", "norm", extent::n_embd, extent::one, false},
    tensor_row{tensor_id::output, "output", "lm_head", extent::n_embd, extent::n_vocab, false},
    tensor_row{tensor_id::rope_freqs, "rope_freqs", "", extent::rope_pairs, extent::one, false},
    tensor_row{tensor_id::attn_norm, "attn_norm", "", extent::n_embd, extent::one, true},
    tensor_row{tensor_id::attn_q, "attn_q", "", extent::n_embd, extent::q_width, true},
    tensor_row{tensor_id::attn_k, "attn_k", "", extent::n_embd, extent::kv_width, true},
    tensor_row{tensor_id::attn_v, "attn_v", "", extent::n_embd, extent::kv_width, true},
    tensor_row{tensor_id::attn_output, "attn_output", "attn_out", extent::q_width, extent::n_embd, true},
    tensor_row{tensor_id::ffn_norm, "ffn_norm", "", extent::n_embd, extent::one, true},
    tensor_row{tensor_id::ffn_gate, "ffn_gate", "", extent::n_embd, extent::n_ff, true},
    tensor_row{tensor_id::ffn_up, "ffn_up", "", extent::n_embd, extent::n_ff, true},
    tensor_row{tensor_id::ffn_down, "ffn_down", "", extent::n_ff, extent::n_embd, true},
};

// clang-format on
[[nodiscard]] constexpr const tensor_row& row_of(tensor_id id) noexcept {
    return model_tensors[static_cast<std::size_t>(id)];
}

/// Prefixes of per-layer tensors, before the layer's number: the real one, then the alias.
inline constexpr std::array<std::string_view, 2> layer_prefixes{"blk.", "layers."};

/// The real name of a tensor; `layer` counts for per-layer tensors only.
[[nodiscard]] inline std::string tensor_name(tensor_id id, std::size_t layer = 0) {
    const auto& row = row_of(id);
    std::string name = row.per_layer ? std::string{layer_prefixes[0]} + std::to_string(layer) + '.' : std::string{};
    return name.append(row.name).append(".weight");
}

/// The tensor under its real name, else under an alias, else nullptr.
[[nodiscard]] inline const tensor_view* find_tensor(const gguf::file& file, tensor_id id, std::size_t layer = 0) {
    const auto& row = row_of(id);
    for (const auto prefix : layer_prefixes) {
        const std::string start = row.per_layer ? std::string{prefix} + std::to_string(layer) + '.' : std::string{};
        for (const auto name : {row.name, row.alias}) {
            if (name.empty()) continue;
            if (const auto* found = file.find_tensor(start + std::string{name} + ".weight")) return found;
        }
    }
    return nullptr;
}

/// The layer that a tensor's name speaks of: 12 for "blk.12.attn_q.weight"; nothing for names without a layer.
[[nodiscard]] inline std::optional<std::uint32_t> layer_of(std::string_view name) noexcept {
    for (const auto prefix : layer_prefixes) {
        if (!name.starts_with(prefix)) continue;
        const char* end = name.data() + name.size();
        std::uint32_t layer = 0;
        const auto [stop, failed] = std::from_chars(name.data() + prefix.size(), end, layer);
        if (failed == std::errc{} && stop != end && *stop == '.') return layer;
    }
    return {};
}

namespace detail {
/// Whether row i of a table describes enumerator i, so that row_of can index it.
[[nodiscard]] constexpr bool in_order(const auto& table) noexcept {
    for (std::size_t i = 0; i < table.size(); ++i)
        if (static_cast<std::size_t>(table[i].id) != i) return false;
    return true;
}
static_assert(in_order(architectures) && in_order(config_keys) && in_order(model_tensors));
}  // namespace detail

NIBBLE_NAMESPACE_END
