// SPDX-License-Identifier: Apache-2.0
// What a caller wants of a model's configuration in the place of what its file says.
#pragma once

#include <cstddef>
#include <optional>

#include <nibble/core/config.hpp>
#include <nibble/model/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Unset: as the file has it.
struct config_options {
    /// Positions that a session may have, beyond those that the model was trained for too: what it says there is worth
    /// something only where `rope` stretches them.
    std::optional<std::size_t> context = {};
    std::optional<float> rope_freq_base = {};  ///< of layers without a window
    /// Of the same layers. An original_context of 0 is the one that the file has, scaled or not. longrope is for files
    /// that have its divisors.
    std::optional<rope_scaling> rope = {};
    /// Whether layers that have a window in the file have one. Without, those that turn their heads only beside windows
    /// turn them, as in a file that says nothing of windows: for comparisons with programs that ignore them.
    bool windows = true;
    /// Whether the ends of YaRN's ramp are rounded to pairs, of all layers and of `rope` too, whose own whole_pairs
    /// does not count. Unset: as the family was trained, which no key says.
    std::optional<bool> yarn_whole_pairs = {};
};

/// The configuration with these options in it, and among its sources. Throws errc::bad_option for what no file may say.
[[nodiscard]] NIBBLE_FUNCTION model_config with_options(model_config config, const config_options& options);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/model/config_options_impl.hpp>
#endif
