// SPDX-License-Identifier: Apache-2.0
// qwen3: the dense models of Qwen 3.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// The layers of llama with a norm of each query and key head, heads turned in halves.
inline constexpr model_family qwen3{
    .name = "qwen3",
    .pairing = rope_pairing::halves,
    .required = decoder_tensors | pre_norms | tensor_set{tensor_id::attn_q_norm, tensor_id::attn_k_norm},
};

}  // namespace families
NIBBLE_NAMESPACE_END
