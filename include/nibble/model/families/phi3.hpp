// SPDX-License-Identifier: Apache-2.0
// phi3: Phi-3, Phi-3.5, Phi-4 and Phi-4-mini.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// The layers of llama in fused matrices, heads turned in halves, perhaps not all of a head. A window, where there is
/// one, is in every layer.
inline constexpr model_family phi3{
    .name = "phi3",
    .pairing = rope_pairing::halves,
    .required = common_tensors | pre_norms | tensor_set{tensor_id::attn_qkv, tensor_id::ffn_gate_up},
    .optional = {tensor_id::output, tensor_id::rope_factors_long, tensor_id::rope_factors_short},
    .window = {.period = window_rule::every_layer},
};

}  // namespace families
NIBBLE_NAMESPACE_END
