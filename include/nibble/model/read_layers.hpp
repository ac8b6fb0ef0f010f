// SPDX-License-Identifier: Apache-2.0
// Reads what differs from layer to layer: which layers have a window, and by which rotation their heads turn.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_reader.hpp>
#include <nibble/model/family.hpp>
#include <nibble/model/keys.hpp>
#include <nibble/model/layer.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// All of n layers but the last of each period; all of them where it is 0.
[[nodiscard]] inline std::vector<bool> all_but_last_of(std::uint64_t period, std::size_t n_layers) {
    std::vector<bool> layers(n_layers, true);
    for (std::size_t i = 0; period != 0 && i < n_layers; ++i) layers[i] = i % period != period - 1;
    return layers;
}

/// "3 of 4": how many layers a pattern holds for.
[[nodiscard]] inline std::string pattern_text(const std::vector<bool>& pattern) {
    return std::to_string(std::count(pattern.begin(), pattern.end(), true)) + " of " + std::to_string(pattern.size());
}

/// Which layers have a convolution in the place of attention: those of 0 key/value heads in an array, which has been
/// checked before.
inline void read_convolutions(config_reader& reader, model_config& config) {
    if (!config.family->convolutions) return;
    const auto zeros_in = [&](const gguf::value& val, const std::string&) {
        std::vector<bool> layers(config.n_layers);
        if (!val.is_array()) return layers;
        for (std::size_t i = 0; i < config.n_layers; ++i) layers[i] = val.element(i).as_unsigned() == std::uint64_t{0};
        return layers;
    };
    const auto found = reader.agreed<std::vector<bool>>(config_key::n_kv_heads, zeros_in, pattern_text);
    for (std::size_t i = 0; found && i < config.n_layers; ++i) config.layers[i].convolution = found.value[i];
    if (config.n_convolutions() == 0) return;
    reader.note("convolution_layers", pattern_text(found.value), found.from);
    config.conv_length = reader.take<std::uint64_t>(config_key::conv_length);
}

/// Which layers have the window by what the file says: a bool for each, or the period whose last layer has none.
[[nodiscard]] inline std::vector<bool> window_pattern_in(const gguf::value& val, const std::string& key,
                                                         std::size_t n_layers) {
    const auto wrong_type = [&](std::string type) {
        return error{errc::model_wrong_type, key, "a bool for each layer, or an integer", std::move(type)};
    };
    if (val.is_array()) {
        if (!val.is_array_of(gguf::value_type::boolean))
            throw wrong_type("array of " + std::string{gguf::name_of(val.element_type())});
        if (val.array_size() != n_layers)
            throw error{errc::model_bad_value, key, std::to_string(n_layers) + " entries, one per layer",
                        std::to_string(val.array_size())};
        std::vector<bool> layers(n_layers);
        for (std::size_t i = 0; i < n_layers; ++i) layers[i] = val.bytes()[i] != std::byte{0};
        return layers;
    }
    const auto period = val.as_unsigned();
    if (!period && !val.as_signed()) throw wrong_type("type " + std::string{gguf::name_of(val.type())});
    if (!period || *period == 0) throw error{errc::model_bad_value, key, "an integer above 0", value_text(val)};
    return all_but_last_of(*period, n_layers);
}

/// The window of each layer. Returns whether one has any.
inline bool read_windows(config_reader& reader, model_config& config) {
    const window_rule& rule = config.family->window;
    if (rule.period == 0) return false;
    const auto has_layers = [](const std::vector<bool>& pattern) {
        return std::find(pattern.begin(), pattern.end(), true) != pattern.end();
    };
    auto window = reader.stated<std::uint64_t>(config_key::window);
    auto pattern = reader.agreed<std::vector<bool>>(
        config_key::window_pattern,
        [&](const gguf::value& val, const std::string& key) { return window_pattern_in(val, key, config.n_layers); },
        pattern_text);
    const bool needed = rule.required || (pattern && has_layers(pattern.value));
    if (!needed && (!window || window.value == 0)) return false;

    if (!window) window = reader.family_default(std::uint64_t{rule.length});
    const auto length = reader.accept(config_key::window, window);
    if (length == 0)
        throw config_reader::bad(config_key::window, window, "an integer above 0, as layers have a window");
    if (!pattern)
        pattern = {all_but_last_of(rule.period, config.n_layers), "architecture " + std::string{config.family->name}};
    if (!has_layers(pattern.value))
        throw error{errc::model_bad_value, "window_pattern (" + pattern.from + ')',
                    "a layer for the window of " + number_text(window.value) + " (" + window.from + ')', "none"};
    reader.note("window_layers", pattern_text(pattern.value), pattern.from);
    for (std::size_t i = 0; i < config.n_layers; ++i)
        if (pattern.value[i]) config.layers[i].window = static_cast<std::size_t>(length);
    return true;
}

/// How the angles of the rotation that layers without a window use are stretched.
[[nodiscard]] inline rope_scaling read_rope_scaling(config_reader& reader, const model_config& config) {
    const auto quoted = [](const std::string& text) { return '\'' + escaped(text) + '\''; };
    const auto text_in = [](const gguf::value& val, const std::string& key) {
        if (const auto text = val.as_string()) return std::string{*text};
        throw error{errc::model_wrong_type, key, "a string", std::string{gguf::name_of(val.type())}};
    };
    const auto stated = reader.agreed<std::string>(config_key::rope_scaling_type, text_in, quoted);
    if (stated) reader.note(row_of(config_key::rope_scaling_type).field, escaped(stated.value), stated.from);

    // Old files have a factor and no type; it is linear then. Those of longrope have its tensors and no type.
    const auto factor = reader.stated<double>(config_key::rope_scaling_factor);
    const bool has_factors =
        reader.dimension(tensor_id::rope_factors_long, 0) || reader.dimension(tensor_id::rope_factors_short, 0);
    const std::string type = stated ? stated.value : has_factors ? "longrope" : factor ? "linear" : "none";
    const bool is_known = type == "none" || type == "linear" || type == "yarn";
    rope_scaling scaling;
    if (has_factors ? type != "longrope" : !is_known)
        throw error{errc::model_bad_value, reader.real_key(config_key::rope_scaling_type),
                    has_factors ? "longrope, as the file has its divisors" : "none, linear or yarn", quoted(type)};
    if (type == "none") return scaling;
    if (has_factors) {
        scaling.type = rope_scaling::method::longrope;
        scaling.original_context = reader.take<std::uint64_t>(config_key::rope_scaling_context);
        reader.take_if_stated(config_key::rope_scaling_attn_factor, scaling.attn_factor);
        return scaling;
    }
    scaling.type = type == "yarn" ? rope_scaling::method::yarn : rope_scaling::method::linear;
    scaling.factor = static_cast<float>(reader.accept(config_key::rope_scaling_factor, factor));
    if (scaling.type != rope_scaling::method::yarn) return scaling;
    scaling.whole_pairs = config.family->yarn_whole_pairs;

    const auto take = [&](config_key key, float& field) {
        field = static_cast<float>(reader.take(key, static_cast<double>(field), "YaRN paper"));
    };
    scaling.original_context =
        reader.take(config_key::rope_scaling_context, std::uint64_t{config.n_ctx_train}, "n_ctx_train");
    take(config_key::rope_scaling_attn_factor, scaling.attn_factor);
    // rope.scaling.yarn_attn_factor is no part of this: converters note there what the factor gives anyway.
    reader.take_if_stated(config_key::rope_scaling_log_multiplier, scaling.log_multiplier);
    take(config_key::rope_scaling_beta_fast, scaling.beta_fast);
    take(config_key::rope_scaling_beta_slow, scaling.beta_slow);
    if (!(scaling.beta_slow < scaling.beta_fast))
        throw error{errc::model_bad_value, reader.real_key(config_key::rope_scaling_beta_fast),
                    "more than beta_slow " + number_text(static_cast<double>(scaling.beta_slow)),
                    number_text(static_cast<double>(scaling.beta_fast))};
    return scaling;
}

/// rope_dims, the rotations of the model and which of them each layer uses.
inline void read_ropes(config_reader& reader, model_config& config, bool has_windows) {
    auto dims = reader.stated<std::uint64_t>(config_key::rope_dims);
    if (!dims) {
        dims = reader.dimension(tensor_id::rope_freqs, 0);  // one divisor per pair
        if (dims) dims.value *= 2;                          // the file's size bounds the dimension far below 2^63
    }
    if (!dims) dims = config_reader::integer{config.head_dim, "default: head_dim"};
    config.rope_dims = reader.accept(config_key::rope_dims, dims);
    if (config.rope_dims % 2 != 0 || config.rope_dims > config.head_dim)
        throw config_reader::bad(config_key::rope_dims, dims,
                                 "an even number of at most head_dim " + std::to_string(config.head_dim) + " (" +
                                     std::string{source_of(config, "head_dim")} + ')');

    const model_family& family = *config.family;
    const double base = reader.take(config_key::rope_freq_base, reader.family_default(family.rope_freq_base));
    config.ropes = {{static_cast<float>(base), read_rope_scaling(reader, config)}};
    const bool windows_differ = has_windows && family.window.own_rope;
    if (windows_differ) {
        auto own = reader.family_default(family.window.rope_freq_base);
        if (!own) own = config_reader::real{base, "default: rope_freq_base"};
        config.ropes.push_back({static_cast<float>(reader.take(config_key::rope_freq_base_window, own)), {}});
    }

    auto turned = all_but_last_of(family.no_rope_period, config.n_layers);
    for (std::size_t i = 0; i < config.n_layers; ++i) {
        if (has_windows && family.window.only_rope && config.layers[i].window == no_window) turned[i] = false;
        auto& layer = config.layers[i];
        if (!turned[i])
            layer.rope = no_rope;
        else if (windows_differ && layer.window != no_window)
            layer.rope = 1;
    }
    reader.note("rope_layers", pattern_text(turned), "architecture " + std::string{family.name});
}

}  // namespace detail
NIBBLE_NAMESPACE_END
