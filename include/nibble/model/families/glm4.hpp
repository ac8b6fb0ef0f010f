// SPDX-License-Identifier: Apache-2.0
// glm4: GLM-4-0414.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// Norms before and after each block; gate and up are one matrix. Half of each head turns, as rope.dimension_count
/// says; the smaller models have biases on queries, keys and values.
inline constexpr model_family glm4{
    .name = "glm4",
    .pairing = rope_pairing::interleaved,
    .required = common_tensors | separate_qkv | pre_norms | post_norms | tensor_set{tensor_id::ffn_gate_up},
    .norm_eps = 1e-5,
};

}  // namespace families
NIBBLE_NAMESPACE_END
