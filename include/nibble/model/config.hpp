// SPDX-License-Identifier: Apache-2.0
// The configuration of a model: its sizes and constants, each with its source.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/kernels/attention/attention.hpp>
#include <nibble/model/family.hpp>
#include <nibble/ops/expert_rules.hpp>
#include <nibble/ops/heads.hpp>

NIBBLE_NAMESPACE_BEGIN

/// One value of a configuration and where it came from: "key smollm3.block_count", "alias key llama.block_count",
/// "shape of tensor 'token_embd.weight'", "default: ..." or "architecture smollm3".
struct config_source {
    std::string field, value, from;
};

/// How rotary angles are stretched beyond the context that a model was first trained with. (The "llama3" way needs
/// no fields: its divisors come as tensor rope_freqs.weight; those of longrope as rope_factors_long and _short.)
struct rope_scaling {
    enum class method { none, linear, yarn, longrope };
    method type = method::none;
    float factor = 1;  ///< linear: positions are divided by it; yarn: by it where fully interpolated
    /// yarn: context before scaling; longrope: the long divisors are for sessions whose context exceeds it, the short
    /// ones for all others.
    std::size_t original_context = 0;
    float attn_factor = 1;     ///< multiplies the magnitude of cos and sin; yarn: beside 1 + 0.1 ln(factor)
    float log_multiplier = 0;  ///< yarn: if not 0, it is divided by 1 + 0.1 log_multiplier ln(factor)
    float beta_fast = 32;      ///< yarn: turns within the original context above which a pair keeps its speed
    float beta_slow = 1;       ///< yarn: turns below which it is fully interpolated; below beta_fast
    bool whole_pairs = true;   ///< yarn: whether the two ends of the ramp between them are rounded to pairs
};

/// One of the rotations that the layers of a model choose from.
struct rope_config {
    float freq_base = 0;
    rope_scaling scaling = {};
};

/// As a layer's index of its rotation: its heads are not turned.
inline constexpr std::size_t no_rope = static_cast<std::size_t>(-1);

/// What differs from layer to layer.
struct layer_config {
    std::size_t rope = 0;            ///< index into model_config::ropes, or no_rope
    std::size_t window = no_window;  ///< positions that a token sees, itself included
    bool convolution = false;        ///< in the place of attention
};

/// A value: copy it freely. Made by read_config, so that all sizes are in range and fit each other.
struct model_config {
    const model_family* family = nullptr;
    std::string name;  ///< general.name as stored: escape it before printing
    std::size_t n_layers = 0;
    std::size_t n_embd = 0;   ///< values of the residual stream
    std::size_t n_heads = 0;  ///< query heads, a multiple of n_kv_heads
    std::size_t n_kv_heads = 0;
    std::size_t head_dim = 0;     ///< values per head of queries, keys and values; even
    std::size_t n_ff = 0;         ///< values within a feed-forward, or within one expert
    std::size_t conv_length = 0;  ///< positions that a convolution sees, the token's own included
    std::size_t n_vocab = 0;      ///< rows of token_embd, logits
    std::size_t n_ctx_train = 0;  ///< positions that the model was trained for
    std::size_t rope_dims = 0;    ///< leading values of a head that rotate; even, at most head_dim
    std::vector<rope_config> ropes;
    std::vector<layer_config> layers;  ///< n_layers entries
    float norm_eps = 0;
    expert_rules experts;               ///< n_experts 0: there are none
    float attention_scale = 0;          ///< multiplies query . key; 1 / sqrt(head_dim) unless the file says otherwise
    float attention_cap = 0;            ///< that product goes no further than to this: cap tanh(product / cap); 0: none
    nibble::query_growth query_growth;  ///< of queries with their position
    float embedding_scale = 1;          ///< multiplies the embedding of a token
    float residual_scale = 1;           ///< multiplies what a block adds to the residual stream
    float logit_scale = 1;              ///< multiplies the logits
    float logit_cap = 0;                ///< of logits, as attention_cap
    std::vector<config_source> sources;  ///< of every field above, in the order in which they were found

    [[nodiscard]] std::size_t n_convolutions() const noexcept;
    [[nodiscard]] norm_rules norms() const noexcept;
    [[nodiscard]] std::size_t q_width() const noexcept { return n_heads * head_dim; }      // <= 2^24, as keys.hpp says
    [[nodiscard]] std::size_t kv_width() const noexcept { return n_kv_heads * head_dim; }  // <= 2^24
};

/// Where a field of the configuration came from: the `from` of its source, or "".
[[nodiscard]] NIBBLE_FUNCTION std::string_view source_of(const model_config& config, std::string_view field) noexcept;

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/model/config_impl.hpp>
#endif
