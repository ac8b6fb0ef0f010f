// SPDX-License-Identifier: Apache-2.0
// olmoe: OLMoE.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// Norms before each block; queries and keys are normed over their whole width. Experts have the weights that a softmax
/// over all of them gives; those of a token sum to less than 1.
inline constexpr model_family olmoe{
    .name = "olmoe",
    .pairing = rope_pairing::halves,
    .required = decoder_tensors | pre_norms | tensor_set{tensor_id::attn_q_norm_whole, tensor_id::attn_k_norm_whole},
    .experts = {.presence = expert_presence::always, .normalised = false},
};

}  // namespace families
NIBBLE_NAMESPACE_END
