// SPDX-License-Identifier: Apache-2.0
// The weight tensors of model files: their names and aliases, and the shapes that they have.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/model/keys.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace gguf {
class file;
}

/// Sizes of weight tensors in terms of the configuration.
enum class extent {
    one,  ///< 1: the tensor is a vector
    n_embd,
    n_vocab,
    n_ff,
    n_experts,
    n_heads,
    head_dim,
    q_width,     ///< n_heads * head_dim
    kv_width,    ///< n_kv_heads * head_dim
    qkv_width,   ///< q_width + 2 * kv_width
    gate_up,     ///< 2 * n_ff
    rope_pairs,  ///< rope_dims / 2
    conv_length,
    conv_gates,  ///< 3 * n_embd
};

// clang-format off
/// What a tensor is for. Two of them may have one name: what it is for depends on the family then. From attn_qkv to
/// attn_output_bias only layers with attention have them, from shortconv_input to shortconv_output only layers with a
/// convolution.
enum class tensor_id {
    token_embd, token_embd_norm, output_norm, output_norm_bias, output,
    rope_freqs, rope_factors_long, rope_factors_short,
    attn_norm, attn_norm_bias,
    attn_qkv, attn_qkv_bias, attn_q, attn_k, attn_v, attn_q_bias, attn_k_bias, attn_v_bias, attn_q_norm, attn_k_norm,
    attn_q_norm_whole, attn_k_norm_whole, attn_sinks, attn_output, attn_output_bias,
    shortconv_input, shortconv_kernel, shortconv_output, attn_post_norm,
    ffn_norm, ffn_norm_post_attention, ffn_norm_bias, ffn_gate_up, ffn_gate, ffn_up, ffn_down, ffn_gate_bias,
    ffn_up_bias, ffn_down_bias, ffn_post_norm,
    ffn_gate_inp, ffn_gate_exps, ffn_up_exps, ffn_down_exps,
    ffn_gate_inp_bias, ffn_gate_exps_bias, ffn_up_exps_bias, ffn_down_exps_bias,
};

/// A weight tensor: `rows` rows of `depth` values, `matrices` times one behind the other. The real name is NAME, or blk.N.NAME.
/// Names of Hugging Face's checkpoints (model.layers.N.self_attn.q_proj) are no aliases on purpose: their query and
/// key rows lie in another order, which no check of shapes would notice.
struct tensor_row {
    tensor_id id;
    std::string_view name;
    std::string_view alias;  ///< another accepted spelling, or empty
    extent depth, rows;
    bool per_layer;
    extent matrices = extent::one;
};

inline constexpr std::array model_tensors{
    tensor_row{tensor_id::token_embd, "token_embd.weight", "tok_embeddings.weight", extent::n_embd, extent::n_vocab,
               false},
    tensor_row{tensor_id::token_embd_norm, "token_embd_norm.weight", "output_norm.weight", extent::n_embd, extent::one,
               false},  // the last norm all the same
    tensor_row{tensor_id::output_norm, "output_norm.weight", "norm.weight", extent::n_embd, extent::one, false},
    tensor_row{tensor_id::output_norm_bias, "output_norm.bias", "", extent::n_embd, extent::one, false},
    tensor_row{tensor_id::output, "output.weight", "lm_head.weight", extent::n_embd, extent::n_vocab, false},
    tensor_row{tensor_id::rope_freqs, "rope_freqs.weight", "", extent::rope_pairs, extent::one, false},
    tensor_row{tensor_id::rope_factors_long, "rope_factors_long.weight", "", extent::rope_pairs, extent::one, false},
    tensor_row{tensor_id::rope_factors_short, "rope_factors_short.weight", "", extent::rope_pairs, extent::one, false},
    tensor_row{tensor_id::attn_norm, "attn_norm.weight", "", extent::n_embd, extent::one, true},
    tensor_row{tensor_id::attn_norm_bias, "attn_norm.bias", "", extent::n_embd, extent::one, true},
    tensor_row{tensor_id::attn_qkv, "attn_qkv.weight", "", extent::n_embd, extent::qkv_width, true},
    tensor_row{tensor_id::attn_qkv_bias, "attn_qkv.bias", "", extent::qkv_width, extent::one, true},
    tensor_row{tensor_id::attn_q, "attn_q.weight", "", extent::n_embd, extent::q_width, true},
    tensor_row{tensor_id::attn_k, "attn_k.weight", "", extent::n_embd, extent::kv_width, true},
    tensor_row{tensor_id::attn_v, "attn_v.weight", "", extent::n_embd, extent::kv_width, true},
    tensor_row{tensor_id::attn_q_bias, "attn_q.bias", "", extent::q_width, extent::one, true},
    tensor_row{tensor_id::attn_k_bias, "attn_k.bias", "", extent::kv_width, extent::one, true},
    tensor_row{tensor_id::attn_v_bias, "attn_v.bias", "", extent::kv_width, extent::one, true},
    tensor_row{tensor_id::attn_q_norm, "attn_q_norm.weight", "", extent::head_dim, extent::one, true},
    tensor_row{tensor_id::attn_k_norm, "attn_k_norm.weight", "", extent::head_dim, extent::one, true},
    tensor_row{tensor_id::attn_q_norm_whole, "attn_q_norm.weight", "", extent::q_width, extent::one, true},
    tensor_row{tensor_id::attn_k_norm_whole, "attn_k_norm.weight", "", extent::kv_width, extent::one, true},
    tensor_row{tensor_id::attn_sinks, "attn_sinks.weight", "", extent::n_heads, extent::one, true},
    tensor_row{tensor_id::attn_output, "attn_output.weight", "attn_out.weight", extent::q_width, extent::n_embd, true},
    tensor_row{tensor_id::attn_output_bias, "attn_output.bias", "attn_out.bias", extent::n_embd, extent::one, true},
    tensor_row{tensor_id::shortconv_input, "shortconv.in_proj.weight", "", extent::n_embd, extent::conv_gates, true},
    tensor_row{tensor_id::shortconv_kernel, "shortconv.conv.weight", "", extent::conv_length, extent::n_embd, true},
    tensor_row{tensor_id::shortconv_output, "shortconv.out_proj.weight", "", extent::n_embd, extent::n_embd, true},
    tensor_row{tensor_id::attn_post_norm, "post_attention_norm.weight", "", extent::n_embd, extent::one, true},
    tensor_row{tensor_id::ffn_norm, "ffn_norm.weight", "", extent::n_embd, extent::one, true},
    tensor_row{tensor_id::ffn_norm_post_attention, "post_attention_norm.weight", "", extent::n_embd, extent::one, true},
    tensor_row{tensor_id::ffn_norm_bias, "ffn_norm.bias", "", extent::n_embd, extent::one, true},
    tensor_row{tensor_id::ffn_gate_up, "ffn_up.weight", "", extent::n_embd, extent::gate_up, true},
    tensor_row{tensor_id::ffn_gate, "ffn_gate.weight", "", extent::n_embd, extent::n_ff, true},
    tensor_row{tensor_id::ffn_up, "ffn_up.weight", "", extent::n_embd, extent::n_ff, true},
    tensor_row{tensor_id::ffn_down, "ffn_down.weight", "", extent::n_ff, extent::n_embd, true},
    tensor_row{tensor_id::ffn_gate_bias, "ffn_gate.bias", "", extent::n_ff, extent::one, true},
    tensor_row{tensor_id::ffn_up_bias, "ffn_up.bias", "", extent::n_ff, extent::one, true},
    tensor_row{tensor_id::ffn_down_bias, "ffn_down.bias", "", extent::n_embd, extent::one, true},
    tensor_row{tensor_id::ffn_post_norm, "post_ffw_norm.weight", "", extent::n_embd, extent::one, true},
    tensor_row{tensor_id::ffn_gate_inp, "ffn_gate_inp.weight", "", extent::n_embd, extent::n_experts, true},
    tensor_row{tensor_id::ffn_gate_exps, "ffn_gate_exps.weight", "", extent::n_embd, extent::n_ff, true,
               extent::n_experts},
    tensor_row{tensor_id::ffn_up_exps, "ffn_up_exps.weight", "", extent::n_embd, extent::n_ff, true,
               extent::n_experts},
    tensor_row{tensor_id::ffn_down_exps, "ffn_down_exps.weight", "", extent::n_ff, extent::n_embd, true,
               extent::n_experts},
    tensor_row{tensor_id::ffn_gate_inp_bias, "ffn_gate_inp.bias", "", extent::n_experts, extent::one, true},
    tensor_row{tensor_id::ffn_gate_exps_bias, "ffn_gate_exps.bias", "", extent::n_ff, extent::n_experts, true},
    tensor_row{tensor_id::ffn_up_exps_bias, "ffn_up_exps.bias", "", extent::n_ff, extent::n_experts, true},
    tensor_row{tensor_id::ffn_down_exps_bias, "ffn_down_exps.bias", "", extent::n_embd, extent::n_experts, true},
};

// clang-format on
[[nodiscard]] constexpr const tensor_row& row_of(tensor_id id) noexcept {
    return model_tensors[static_cast<std::size_t>(id)];
}

/// Whether a layer with a convolution, or one with attention, may have the tensor.
[[nodiscard]] constexpr bool belongs_to_layer(tensor_id id, bool convolution) noexcept {
    const auto between = [id](tensor_id first, tensor_id last) { return first <= id && id <= last; };
    return convolution ? !between(tensor_id::attn_qkv, tensor_id::attn_output_bias)
                       : !between(tensor_id::shortconv_input, tensor_id::shortconv_output);
}

/// Prefixes of per-layer tensors, before the layer's number: the real one, then the alias.
inline constexpr std::array<std::string_view, 2> layer_prefixes{"blk.", "layers."};

/// Some tensors, as a value.
class tensor_set {
public:
    constexpr tensor_set(std::initializer_list<tensor_id> ids) noexcept {
        for (const auto id : ids) bits_ |= bit(id);
    }
    [[nodiscard]] constexpr bool has(tensor_id id) const noexcept { return (bits_ & bit(id)) != 0; }
    [[nodiscard]] friend constexpr tensor_set operator|(tensor_set a, tensor_set b) noexcept {
        a.bits_ |= b.bits_;
        return a;
    }
    /// Those of `a` that are not in `b`.
    [[nodiscard]] friend constexpr tensor_set operator-(tensor_set a, tensor_set b) noexcept {
        a.bits_ &= ~b.bits_;
        return a;
    }

private:
    static_assert(model_tensors.size() <= 64);
    static constexpr std::uint64_t bit(tensor_id id) noexcept { return std::uint64_t{1} << static_cast<unsigned>(id); }

    std::uint64_t bits_ = 0;
};

/// The real name of a tensor; `layer` counts for per-layer tensors only.
[[nodiscard]] NIBBLE_FUNCTION std::string tensor_name(tensor_id id, std::size_t layer = 0);

/// The tensor under its real name, else under an alias, else nullptr.
[[nodiscard]] NIBBLE_FUNCTION const tensor_view* find_tensor(const gguf::file& file, tensor_id id,
                                                             std::size_t layer = 0);

/// The layer that a tensor's name speaks of: 12 for "blk.12.attn_q.weight"; nothing for names without a layer.
[[nodiscard]] NIBBLE_FUNCTION std::optional<std::uint32_t> layer_of(std::string_view name) noexcept;

/// Tensors that some families lack and those that all do, by a part of their names; the first that fits counts.
struct foreign_tensor {
    std::string_view part, what;
};

inline constexpr std::array foreign_tensors{
    foreign_tensor{"_norm.bias", "the bias of a layer norm"},
    foreign_tensor{"_sub_norm", "a norm inside a block"},
    foreign_tensor{"_norm", "a norm"},
    foreign_tensor{"rope_freqs", "divisors of the rotation"},
    foreign_tensor{"rope_factors_", "divisors of the rotation that depend on the context (LongRoPE)"},
    foreign_tensor{"_exps.", "weights of experts"},
    foreign_tensor{"_shexp.", "weights of a shared expert"},
    foreign_tensor{"ffn_gate_inp", "the router of experts"},
    foreign_tensor{"exp_probs_b", "biases of the router of experts"},
    foreign_tensor{"attn_qkv.", "queries, keys and values in one matrix"},
    foreign_tensor{"attn_sinks", "attention sinks"},
    foreign_tensor{"attn_kv_a", "latent attention"},
    foreign_tensor{"ssm_", "a state-space layer"},
    foreign_tensor{"shortconv", "a convolution"},
    foreign_tensor{"nextn.", "a layer that predicts further tokens"},
    foreign_tensor{"position_embd", "learned positions"},
    foreign_tensor{"token_types", "embeddings of token types"},
    foreign_tensor{"per_layer_", "embeddings of each layer"},
    foreign_tensor{"cls", "a classifier"},
    foreign_tensor{".lora_", "an adapter"},
    foreign_tensor{".scale", "a scale of a matrix"},
    foreign_tensor{".bias", "a bias"},
};

/// What a tensor is that a family does not have, for messages.
[[nodiscard]] constexpr std::string_view what_is(std::string_view name) noexcept {
    for (const auto& row : foreign_tensors)
        if (name.find(row.part) != name.npos) return row.what;
    return "another";
}

static_assert(detail::in_order(model_tensors));

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/model/tensors_impl.hpp>
#endif
