// SPDX-License-Identifier: Apache-2.0
// exaone4: EXAONE 4.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// No norm before a block, one after it, and one of each query and key head. Models with windows turn the heads of
/// those layers only; models without turn all.
inline constexpr model_family exaone4{
    .name = "exaone4",
    .pairing = rope_pairing::halves,
    .required = decoder_tensors | post_norms | tensor_set{tensor_id::attn_q_norm, tensor_id::attn_k_norm},
    .optional = {tensor_id::output, tensor_id::rope_freqs},
    .window = {.period = 4, .only_rope = true},
};

}  // namespace families
NIBBLE_NAMESPACE_END
