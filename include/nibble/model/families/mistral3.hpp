// SPDX-License-Identifier: Apache-2.0
// mistral3: Ministral 3.
#pragma once

#include <cstdint>

#include <nibble/core/config.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_reader.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// Queries grow where the context goes on beyond the original one.
inline void complete_mistral3(config_reader& reader, model_config& config) {
    reader.take_if_stated(config_key::attention_temperature, config.query_growth.scale);
    if (config.query_growth.scale != 0)
        config.query_growth.period =
            reader.take(config_key::rope_scaling_context, std::uint64_t{config.n_ctx_train}, "n_ctx_train");
}

/// The layers of llama.
inline constexpr model_family mistral3{
    .name = "mistral3",
    .pairing = rope_pairing::interleaved,
    .required = decoder_tensors | pre_norms,
    .optional = {tensor_id::output, tensor_id::rope_freqs},
    .complete = &complete_mistral3,
};

}  // namespace families
NIBBLE_NAMESPACE_END
