// SPDX-License-Identifier: Apache-2.0
// Binds the weights of a model: each tensor of its family goes to its place in a layer.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/layer.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace gguf {
class file;
}

/// All weights of a model: views into the file, which must outlive them. Move-only.
struct model_weights {
    matrix_view token_embd;     ///< n_vocab rows of n_embd
    std::vector<layer> layers;  ///< n_layers
    norm_weights output_norm;
    matrix_view output;                 ///< n_embd -> n_vocab; the same view as token_embd when tied
    bool tied = false;                  ///< the file has no output.weight
    std::span<const float> rope_freqs;  ///< [rope_dims / 2] divisors of the rotation speeds, or empty
    std::span<const float> rope_factors_long, rope_factors_short;  ///< the same for longrope
    std::vector<std::unique_ptr<float[]>> converted;  ///< owns the vectors that the file does not hold as floats
};

/// Finds every tensor that the family of `config` has, checks shapes and types, and refuses tensors that would be left
/// over: those of another family, more layers than block_count says, a second spelling of a tensor. Reads no weights
/// except divisors of rotation speeds. Throws model_missing_tensor, model_wrong_shape, model_wrong_tensor_type,
/// model_layout, and model_bad_weights for a divisor that is not a positive finite number. `file` must outlive the
/// result.
[[nodiscard]] NIBBLE_FUNCTION model_weights bind_weights(const gguf::file& file, const model_config& config);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/model/bind_impl.hpp>
#endif
