// SPDX-License-Identifier: Apache-2.0
// starcoder2: StarCoder 2.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// Layer norms with biases, biases of all projections, GELU without a gate.
inline constexpr model_family starcoder2{
    .name = "starcoder2",
    .pairing = rope_pairing::halves,
    .act = activation::gelu_tanh,
    .norm = norm_kind::layer,
    .required =
        common_tensors | separate_qkv | pre_norms |
        tensor_set{tensor_id::output_norm_bias, tensor_id::attn_norm_bias, tensor_id::attn_q_bias,
                   tensor_id::attn_k_bias, tensor_id::attn_v_bias, tensor_id::attn_output_bias,
                   tensor_id::ffn_norm_bias, tensor_id::ffn_up, tensor_id::ffn_up_bias, tensor_id::ffn_down_bias},
};

}  // namespace families
NIBBLE_NAMESPACE_END
