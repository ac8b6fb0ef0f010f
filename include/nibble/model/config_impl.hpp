// SPDX-License-Identifier: Apache-2.0
// Definitions of model/config.hpp: what follows from several of its fields.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <nibble/model/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION std::size_t model_config::n_convolutions() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(layers.begin(), layers.end(), [](const layer_config& layer) { return layer.convolution; }));
}

NIBBLE_FUNCTION norm_rules model_config::norms() const noexcept { return {family->norm, norm_eps}; }

NIBBLE_FUNCTION std::string_view source_of(const model_config& config, std::string_view field) noexcept {
    for (const auto& source : config.sources)
        if (source.field == field) return source.from;
    return {};
}

NIBBLE_NAMESPACE_END
