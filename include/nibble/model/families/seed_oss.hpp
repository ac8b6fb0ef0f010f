// SPDX-License-Identifier: Apache-2.0
// seed_oss: Seed-OSS.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// The layers of qwen2. The norm before the feed-forward block has the name that a norm after attention has elsewhere.
inline constexpr model_family seed_oss{
    .name = "seed_oss",
    .pairing = rope_pairing::halves,
    .required = decoder_tensors | tensor_set{tensor_id::attn_norm, tensor_id::ffn_norm_post_attention,
                                             tensor_id::attn_q_bias, tensor_id::attn_k_bias, tensor_id::attn_v_bias},
};

}  // namespace families
NIBBLE_NAMESPACE_END
