// SPDX-License-Identifier: Apache-2.0
// gemma2: Gemma 2.
#pragma once

#include <cmath>
#include <cstddef>

#include <nibble/core/config.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_reader.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// Embeddings grow by sqrt(n_embd). The 27B model, which its number of layers tells, scales scores as if its heads
/// shared the embedding evenly.
inline void complete_gemma(config_reader& reader, model_config& config, std::size_t layers_of_27b) {
    const auto width = static_cast<double>(config.n_embd), heads = static_cast<double>(config.n_heads);
    config.embedding_scale = static_cast<float>(std::sqrt(width));
    reader.note("embedding_scale", detail::number_text(static_cast<double>(config.embedding_scale)), "sqrt(n_embd)");
    if (config.n_layers == layers_of_27b)
        config.attention_scale = static_cast<float>(
            reader.take(config_key::attention_scale, std::sqrt(heads / width), "1 / sqrt(n_embd / n_heads)"));
}

inline void complete_gemma2(config_reader& reader, model_config& config) {
    complete_gemma(reader, config, 46);
    config.attention_cap = static_cast<float>(reader.take(config_key::attention_cap, 50.0, "architecture gemma2"));
    config.logit_cap = static_cast<float>(reader.take(config_key::logit_cap, 30.0, "architecture gemma2"));
}

/// Norms before and after each block, GELU, caps of scores and logits; every other layer has a window. The norm weights
/// lie in the file with the 1 added that the checkpoint leaves out.
inline constexpr model_family gemma2{
    .name = "gemma2",
    .pairing = rope_pairing::halves,
    .act = activation::gelu_tanh,
    .required = decoder_tensors | pre_norms | post_norms,
    .norm_eps = 1e-6,
    .window = {.period = 2, .required = true, .length = 4096},
    .complete = &complete_gemma2,
};

}  // namespace families
NIBBLE_NAMESPACE_END
