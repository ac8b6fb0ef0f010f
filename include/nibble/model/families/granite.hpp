// SPDX-License-Identifier: Apache-2.0
// granite: the dense models of Granite 3 and 4.
#pragma once

#include <string>

#include <nibble/core/config.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_reader.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// The scales, of which logit_scale divides here. rope.scaling.finetuned = false means that heads do not turn at all.
inline void complete_granite(config_reader& reader, model_config& config) {
    reader.take_if_stated(config_key::embedding_scale, config.embedding_scale);
    reader.take_if_stated(config_key::residual_scale, config.residual_scale);
    reader.take_if_stated(config_key::logit_scale, config.logit_scale);
    config.logit_scale = 1 / config.logit_scale;
    const auto turned = reader.flag(config_key::rope_finetuned);
    if (!turned || turned.value) return;
    for (auto& layer : config.layers) layer.rope = no_rope;
    reader.note("rope_layers", "0 of " + std::to_string(config.n_layers), turned.from);
}

/// The layers of llama; what they give and take is scaled.
inline constexpr model_family granite{
    .name = "granite",
    .pairing = rope_pairing::interleaved,
    .required = decoder_tensors | pre_norms,
    .complete = &complete_granite,
};

}  // namespace families
NIBBLE_NAMESPACE_END
