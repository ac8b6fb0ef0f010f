// SPDX-License-Identifier: Apache-2.0
// gemma3: the text part of Gemma 3.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_reader.hpp>
#include <nibble/model/families/gemma2.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

inline void complete_gemma3(config_reader& reader, model_config& config) {
    complete_gemma(reader, config, 62);
    reader.take_if_stated(config_key::logit_cap, config.logit_cap);
}

/// Norms before and after each block, a norm of each query and key head, GELU. Five layers of six have a window and a
/// rotation of their own; files of 2025 do not state its base. The norm weights lie in the file with the 1 added that
/// the checkpoint leaves out.
inline constexpr model_family gemma3{
    .name = "gemma3",
    .pairing = rope_pairing::halves,
    .act = activation::gelu_tanh,
    .required = decoder_tensors | pre_norms | post_norms | tensor_set{tensor_id::attn_q_norm, tensor_id::attn_k_norm},
    .rope_freq_base = 1e6,
    .norm_eps = 1e-6,
    .window = {.period = 6, .required = true, .own_rope = true, .rope_freq_base = 10000},
    .complete = &complete_gemma3,
};

}  // namespace families
NIBBLE_NAMESPACE_END
