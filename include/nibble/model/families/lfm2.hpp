// SPDX-License-Identifier: Apache-2.0
// lfm2: LFM2, dense.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// Most layers have a short convolution, the others attention with a norm of each query and key head. The last norm has
/// the name that a norm of embeddings has elsewhere.
inline constexpr model_family lfm2{
    .name = "lfm2",
    .pairing = rope_pairing::halves,
    .required = tensor_set{tensor_id::token_embd, tensor_id::token_embd_norm, tensor_id::attn_output,
                           tensor_id::attn_q_norm, tensor_id::attn_k_norm, tensor_id::ffn_down} |
                separate_qkv | separate_gate | pre_norms | convolution_tensors,
    .convolutions = true,
};

}  // namespace families
NIBBLE_NAMESPACE_END
