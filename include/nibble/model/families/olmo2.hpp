// SPDX-License-Identifier: Apache-2.0
// olmo2: OLMo 2, and OLMo 3, whose files have the same name.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// No norm before a block, one after it; queries and keys are normed over their whole width. OLMo 3 has windows in
/// three layers of four, and stretches the rotation of the fourth only.
inline constexpr model_family olmo2{
    .name = "olmo2",
    .pairing = rope_pairing::halves,
    .required = decoder_tensors | post_norms | tensor_set{tensor_id::attn_q_norm_whole, tensor_id::attn_k_norm_whole},
    .norm_eps = 1e-6,
    .window = {.period = 4, .own_rope = true},
};

}  // namespace families
NIBBLE_NAMESPACE_END
