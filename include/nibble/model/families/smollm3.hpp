// SPDX-License-Identifier: Apache-2.0
// smollm3: SmolLM3.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// The layers of llama, every fourth without rotary embedding, which no key says; the defaults are those of
/// SmolLM3-3B.
inline constexpr model_family smollm3{
    .name = "smollm3",
    .pairing = rope_pairing::interleaved,
    .required = decoder_tensors | pre_norms,
    .optional = {tensor_id::output, tensor_id::rope_freqs},
    .n_ctx_train = 65536,
    .rope_freq_base = 5e6,
    .norm_eps = 1e-6,
    .no_rope_period = 4,
};

}  // namespace families
NIBBLE_NAMESPACE_END
