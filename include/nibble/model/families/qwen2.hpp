// SPDX-License-Identifier: Apache-2.0
// qwen2: Qwen 2 and 2.5, and their many finetunes.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// The layers of llama with biases on queries, keys and values, heads turned in halves.
inline constexpr model_family qwen2{
    .name = "qwen2",
    .pairing = rope_pairing::halves,
    .required = decoder_tensors | pre_norms |
                tensor_set{tensor_id::attn_q_bias, tensor_id::attn_k_bias, tensor_id::attn_v_bias},
};

}  // namespace families
NIBBLE_NAMESPACE_END
