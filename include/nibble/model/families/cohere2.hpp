// SPDX-License-Identifier: Apache-2.0
// cohere2: Command R7B, Command A, Aya.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_reader.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

inline void complete_cohere2(config_reader& reader, model_config& config) {
    reader.take_if_stated(config_key::logit_scale, config.logit_scale);
}

/// One layer norm for both blocks, which work side by side. Three layers of four have a window and turn their heads,
/// the fourth does neither.
inline constexpr model_family cohere2{
    .name = "cohere2",
    .pairing = rope_pairing::interleaved,
    .norm = norm_kind::layer,
    .parallel = true,
    .required = decoder_tensors | tensor_set{tensor_id::attn_norm},
    .window = {.period = 4, .required = true, .only_rope = true},
    .complete = &complete_cohere2,
};

}  // namespace families
NIBBLE_NAMESPACE_END
