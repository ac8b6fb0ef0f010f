// SPDX-License-Identifier: Apache-2.0
// qwen3moe: the models of Qwen 3 with experts.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// The layers of qwen3 with experts, the weights of a token's experts summing to 1. feed_forward_length is in the files
/// and means nothing.
inline constexpr model_family qwen3moe{
    .name = "qwen3moe",
    .pairing = rope_pairing::halves,
    .required = decoder_tensors | pre_norms | tensor_set{tensor_id::attn_q_norm, tensor_id::attn_k_norm},
    .experts = {.presence = expert_presence::always},
};

}  // namespace families
NIBBLE_NAMESPACE_END
