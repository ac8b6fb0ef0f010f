// SPDX-License-Identifier: Apache-2.0
// Reads the configuration of a model from its file, checks it, and refuses what nibble would compute wrongly.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/config.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace gguf {
class file;
}

/// Reads and checks the configuration of the model in `file`. Every field comes from its key, else from an accepted
/// alias, else from the shapes of tensors, else from a documented default; `sources` says which. Works on a file
/// without tensors if the keys suffice. That each tensor has the shape that follows is checked by bind_weights.
/// Throws model_unsupported_arch, model_missing_key, model_wrong_type, model_bad_value and model_layout.
[[nodiscard]] NIBBLE_FUNCTION model_config read_config(const gguf::file& file);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/model/read_config_impl.hpp>
#endif
