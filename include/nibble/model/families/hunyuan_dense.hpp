// SPDX-License-Identifier: Apache-2.0
// hunyuan-dense: the dense models of Hunyuan.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// The layers of llama with a norm of each query and key head after it has turned, heads turned in halves. The base of
/// the rotation lies in the file as it is for the longest context.
inline constexpr model_family hunyuan_dense{
    .name = "hunyuan-dense",
    .pairing = rope_pairing::halves,
    .heads_turn_first = true,
    .required = decoder_tensors | pre_norms | tensor_set{tensor_id::attn_q_norm, tensor_id::attn_k_norm},
};

}  // namespace families
NIBBLE_NAMESPACE_END
