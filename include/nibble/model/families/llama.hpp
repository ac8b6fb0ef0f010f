// SPDX-License-Identifier: Apache-2.0
// llama: Llama 2 and 3, SmolLM2, Mistral, Mixtral and others that use its layers.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// The norms before each block, and nothing else. rope_freqs is how Llama 3.1 and later stretch their context. Mixtral
/// has experts, whose weights sum to 1.
inline constexpr model_family llama{
    .name = "llama",
    .pairing = rope_pairing::interleaved,
    .required = decoder_tensors | pre_norms,
    .optional = {tensor_id::output, tensor_id::rope_freqs},
    .experts = {.presence = expert_presence::as_stated},
};

}  // namespace families
NIBBLE_NAMESPACE_END
