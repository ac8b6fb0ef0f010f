// SPDX-License-Identifier: Apache-2.0
// What a family of models is: everything in which its layers differ from another family's, as one constant row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/kernels/elementwise/elementwise.hpp>
#include <nibble/model/tensors.hpp>
#include <nibble/ops/residual.hpp>

NIBBLE_NAMESPACE_BEGIN

class config_reader;
struct model_config;

/// Layers in which a token sees itself and some positions before it, not all. The others see everything.
struct window_rule {
    static constexpr std::size_t every_layer = static_cast<std::size_t>(-1);

    /// Layer i has the window unless i mod period = period - 1, and unless the file has a pattern of its own.
    /// 0: the family has no windows, a file that asks for one is refused.
    std::size_t period = 0;
    bool required = false;      ///< a file has a window, of `length` unless it says otherwise; else it may have none
    std::size_t length = 0;     ///< 0: there is no sensible one
    bool only_rope = false;     ///< in a model with windows the other layers have no rotary embedding
    bool own_rope = false;      ///< these layers turn heads by a rotation of their own, which is never scaled
    double rope_freq_base = 0;  ///< default for it; 0: the base of the other layers
};

/// Whether layers have experts, in the place of one feed-forward.
enum class expert_presence {
    never,
    as_stated,  ///< in files that say so
    always,
};

struct expert_rule {
    expert_presence presence = expert_presence::never;
    bool normalised = true;  ///< default: the weights of a token's experts sum to 1
};

/// A file of any family may have these: finetunes add them, and what they mean is the same everywhere.
inline constexpr tensor_set linear_biases{
    tensor_id::attn_qkv_bias,      tensor_id::attn_q_bias,      tensor_id::attn_k_bias,
    tensor_id::attn_v_bias,        tensor_id::attn_output_bias, tensor_id::ffn_gate_bias,
    tensor_id::ffn_up_bias,        tensor_id::ffn_down_bias,    tensor_id::ffn_gate_inp_bias,
    tensor_id::ffn_gate_exps_bias, tensor_id::ffn_up_exps_bias, tensor_id::ffn_down_exps_bias};

/// The feed-forward of a layer without experts, and of one with some.
inline constexpr tensor_set dense_tensors{tensor_id::ffn_gate, tensor_id::ffn_up, tensor_id::ffn_down};
inline constexpr tensor_set expert_tensors{tensor_id::ffn_gate_inp, tensor_id::ffn_gate_exps, tensor_id::ffn_up_exps,
                                           tensor_id::ffn_down_exps};

/// A row of the list in families.hpp; lives as long as the program. A default is used when neither a key nor a shape
/// gives the value; 0 means that there is no sensible one and the key is required.
struct model_family {
    std::string_view name;  ///< `general.architecture`, and the prefix of the keys
    rope_pairing pairing = rope_pairing::halves;
    activation act = activation::silu;
    norm_kind norm = norm_kind::rms;  ///< of rows; heads have RMS norms always
    bool heads_turn_first = false;    ///< before they are normed
    /// Whether the feed-forward block reads what attention reads, rather than what attention has added to.
    bool parallel = false;
    tensor_set required;                        ///< in every layer, or once
    tensor_set optional = {tensor_id::output};  ///< beside the biases; without output, token_embd takes its place
    std::uint64_t n_ctx_train = 0;              ///< default
    double rope_freq_base = 10000;              ///< default; this one is the GGUF specification's
    double norm_eps = 0;                        ///< default
    bool yarn_whole_pairs = true;               ///< see rope_scaling
    std::size_t no_rope_period = 0;             ///< layer i has no rotary embedding if i mod period = period - 1
    window_rule window = {};
    expert_rule experts = {};
    bool convolutions = false;  ///< a layer of 0 key/value heads has a convolution in the place of attention
    /// Called last: what follows from the sizes of the model and from no key.
    void (*complete)(config_reader&, model_config&) = nullptr;

    /// What a file must have whose layers have experts, or one whose layers have none.
    [[nodiscard]] constexpr tensor_set required_with(bool has_experts) const noexcept {
        return has_experts ? (required - dense_tensors) | expert_tensors : required;
    }
    [[nodiscard]] constexpr bool knows(tensor_id id) const noexcept {
        return required_with(experts.presence != expert_presence::never).has(id) || required.has(id) ||
               optional.has(id) || linear_biases.has(id);
    }
};

/// What every family here has, the forms of its two blocks, and what most families have; the norms around the blocks.
inline constexpr tensor_set common_tensors{tensor_id::token_embd, tensor_id::output_norm, tensor_id::attn_output,
                                           tensor_id::ffn_down};
inline constexpr tensor_set separate_qkv{tensor_id::attn_q, tensor_id::attn_k, tensor_id::attn_v};
inline constexpr tensor_set separate_gate{tensor_id::ffn_gate, tensor_id::ffn_up};
inline constexpr tensor_set decoder_tensors = common_tensors | separate_qkv | separate_gate;
inline constexpr tensor_set convolution_tensors{tensor_id::shortconv_input, tensor_id::shortconv_kernel,
                                                tensor_id::shortconv_output};
inline constexpr tensor_set pre_norms{tensor_id::attn_norm, tensor_id::ffn_norm};
inline constexpr tensor_set post_norms{tensor_id::attn_post_norm, tensor_id::ffn_post_norm};

NIBBLE_NAMESPACE_END
