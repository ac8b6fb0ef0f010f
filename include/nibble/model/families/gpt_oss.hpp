// SPDX-License-Identifier: Apache-2.0
// gpt-oss: gpt-oss-20b and gpt-oss-120b.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// Norms before each block, the second under the name that a norm after attention has elsewhere; biases everywhere, a
/// sink for each head, a window in every other layer; experts with a clamped gate. YaRN's ramp was trained with ends
/// that are not rounded, which no key says.
inline constexpr model_family gpt_oss{
    .name = "gpt-oss",
    .pairing = rope_pairing::halves,
    .act = activation::silu_clamped,
    .required = decoder_tensors | tensor_set{tensor_id::attn_norm, tensor_id::ffn_norm_post_attention,
                                             tensor_id::attn_sinks, tensor_id::attn_q_bias, tensor_id::attn_k_bias,
                                             tensor_id::attn_v_bias, tensor_id::attn_output_bias,
                                             tensor_id::ffn_gate_inp_bias, tensor_id::ffn_gate_exps_bias,
                                             tensor_id::ffn_up_exps_bias, tensor_id::ffn_down_exps_bias},
    .yarn_whole_pairs = false,
    .window = {.period = 2, .required = true},
    .experts = {.presence = expert_presence::always},
};

}  // namespace families
NIBBLE_NAMESPACE_END
