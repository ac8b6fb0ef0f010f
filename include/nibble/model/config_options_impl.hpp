// SPDX-License-Identifier: Apache-2.0
// Definitions of model/config_options.hpp: the ranges of options, and options as sources.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_options.hpp>
#include <nibble/model/config_reader.hpp>
#include <nibble/model/keys.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

inline void require_range(std::string_view option, config_key key, double number) {
    const auto& row = row_of(key);
    if (!(number >= row.least && number <= row.most))
        throw error{errc::bad_option, std::string{option}, number_text(row.least) + " to " + number_text(row.most),
                    number_text(number)};
}

/// What is wanted in the place of `stated`, with its original context.
[[nodiscard]] inline rope_scaling checked_scaling(rope_scaling wanted, const rope_scaling& stated,
                                                  std::size_t stated_context) {
    using method = rope_scaling::method;
    const auto in_range = [](config_key key, float number) { require_range("rope", key, static_cast<double>(number)); };
    const bool longrope = wanted.type == method::longrope, yarn = wanted.type == method::yarn;
    if (longrope && stated.type != method::longrope)
        throw error{errc::bad_option, "rope", "a file with divisors for longrope", "a file without"};
    if (wanted.original_context == 0) wanted.original_context = longrope ? stated.original_context : stated_context;
    if (yarn || wanted.type == method::linear) in_range(config_key::rope_scaling_factor, wanted.factor);
    if (yarn || longrope) in_range(config_key::rope_scaling_attn_factor, wanted.attn_factor);
    if (!yarn) return wanted;
    in_range(config_key::rope_scaling_log_multiplier, wanted.log_multiplier);
    in_range(config_key::rope_scaling_beta_fast, wanted.beta_fast);
    in_range(config_key::rope_scaling_beta_slow, wanted.beta_slow);
    if (!(wanted.beta_slow < wanted.beta_fast))
        throw error{errc::bad_option, "rope", "beta_slow below beta_fast",
                    number_text(static_cast<double>(wanted.beta_slow))};
    return wanted;
}

}  // namespace detail

NIBBLE_FUNCTION model_config with_options(model_config config, const config_options& options) {
    const auto note = [&](std::string_view field, std::string value, std::string from) {
        std::erase_if(config.sources, [&](const config_source& source) { return source.field == field; });
        config.sources.push_back({std::string{field}, std::move(value), std::move(from)});
    };
    const std::size_t stated_context = config.n_ctx_train;
    if (options.context) {
        detail::require_range("context", config_key::n_ctx_train, static_cast<double>(*options.context));
        config.n_ctx_train = *options.context;
        note("n_ctx_train", std::to_string(*options.context), "option context");
    }
    if (options.rope_freq_base) {
        const auto base = static_cast<double>(*options.rope_freq_base);
        detail::require_range("rope_freq_base", config_key::rope_freq_base, base);
        config.ropes[0].freq_base = *options.rope_freq_base;
        note("rope_freq_base", detail::number_text(base), "option rope_freq_base");
    }
    if (options.rope) {
        rope_scaling scaling = detail::checked_scaling(*options.rope, config.ropes[0].scaling, stated_context);
        scaling.whole_pairs = config.family->yarn_whole_pairs;
        config.ropes[0].scaling = scaling;
        constexpr std::string_view names[] = {"none", "linear", "yarn", "longrope"};
        note("rope_scaling.type", std::string{names[static_cast<std::size_t>(scaling.type)]}, "option rope");
        note("rope_scaling.factor", detail::number_text(static_cast<double>(scaling.factor)), "option rope");
    }
    if (!options.windows) {
        for (auto& layer : config.layers) {
            if (config.family->window.only_rope) layer.rope = 0;
            layer.window = no_window;
        }
        note("window_layers", "none", "option windows");
    }
    if (options.yarn_whole_pairs) {
        for (auto& rope : config.ropes) rope.scaling.whole_pairs = *options.yarn_whole_pairs;
        note("rope_scaling.whole_pairs", *options.yarn_whole_pairs ? "true" : "false", "option yarn_whole_pairs");
    }
    return config;
}

NIBBLE_NAMESPACE_END
