// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/options.hpp: the ranges of options.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include <nibble/core/error.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

inline void require_option(bool good, std::string_view name, const char* expected, double got) {
    if (!good) throw error(errc::sample_bad_param, "option '" + std::string(name) + "'", expected, std::to_string(got));
}

/// The options that are one number each.
inline void validate_numbers(const generation_options& options, std::size_t n_vocab) {
    const auto at_least = [](float value, float low, std::string_view name, const char* expected) {
        require_option(std::isfinite(value) && value >= low, name, expected, value);
    };
    const auto share = [](float value, std::string_view name) {
        require_option(value >= 0.0f && value <= 1.0f, name, "a number from 0 to 1", value);
    };
    const auto count = [](int value, int low, std::string_view name, const char* expected) {
        require_option(value >= low, name, expected, value);
    };
    at_least(options.temperature, 0.0f, "temperature", "a finite number >= 0");
    count(options.top_k, 0, "top_k", "a count >= 0");
    share(options.top_p, "top_p");
    share(options.min_p, "min_p");
    require_option(std::isfinite(options.repeat_penalty) && options.repeat_penalty > 0.0f, "repeat_penalty",
                   "a finite number > 0", options.repeat_penalty);
    count(options.repeat_last_n, -1, "repeat_last_n", "a count >= 0, or -1 for all");
    at_least(options.presence_penalty, std::numeric_limits<float>::lowest(), "presence_penalty", "a finite number");
    at_least(options.frequency_penalty, std::numeric_limits<float>::lowest(), "frequency_penalty", "a finite number");
    at_least(options.dry_multiplier, 0.0f, "dry_multiplier", "a finite number >= 0");
    at_least(options.dry_base, 1.0f, "dry_base", "a finite number >= 1");
    count(options.dry_allowed_length, 1, "dry_allowed_length", "a count >= 1");
    count(options.dry_penalty_last_n, -1, "dry_penalty_last_n", "a count >= 0, or -1 for all");
    share(options.typical_p, "typical_p");
    at_least(options.top_n_sigma, 0.0f, "top_n_sigma", "a finite number >= 0");
    share(options.xtc_probability, "xtc_probability");
    share(options.xtc_threshold, "xtc_threshold");
    require_option(std::isfinite(options.mirostat_tau) && options.mirostat_tau > 0.0f, "mirostat_tau",
                   "a finite number > 0", options.mirostat_tau);
    share(options.mirostat_eta, "mirostat_eta");
    require_option(options.n_probs >= 0 && static_cast<std::size_t>(options.n_probs) <= n_vocab, "n_probs",
                   "a count from 0 to the size of the vocabulary", options.n_probs);
}

/// The options that are lists.
inline void validate_lists(const generation_options& options, std::size_t n_vocab) {
    unsigned seen = 0;
    for (const auto stage : options.order) {
        const auto index = static_cast<unsigned>(stage);
        require_option(index <= static_cast<unsigned>(sampling_stage::temperature) && (seen >> index & 1u) == 0,
                       "order", "each stage at most once", index);
        seen |= 1u << index;
    }
    for (std::size_t i = 0; i < options.stop.size(); ++i)
        if (options.stop[i].empty() || find_invalid_utf8(options.stop[i]))
            throw error(errc::sample_bad_param, "option 'stop' entry " + std::to_string(i), "UTF-8 text, not empty",
                        "'" + escaped(options.stop[i]) + "'");
    for (std::size_t i = 0; i < options.dry_sequence_breakers.size(); ++i)
        if (options.dry_sequence_breakers[i].empty())
            throw error(errc::sample_bad_param, "option 'dry_sequence_breakers' entry " + std::to_string(i),
                        "text, not empty", "''");
    for (std::size_t i = 0; i < options.logit_bias.size(); ++i) {
        const auto [id, bias] = options.logit_bias[i];
        if (id < 0 || static_cast<std::size_t>(id) >= n_vocab)
            throw error(errc::ctx_bad_token, "option 'logit_bias' entry " + std::to_string(i),
                        "a token below " + std::to_string(n_vocab), std::to_string(id));
        require_option(bias < std::numeric_limits<float>::infinity(), "logit_bias", "a number, or minus infinity",
                       bias);
    }
}

}  // namespace detail

NIBBLE_FUNCTION void validate(const generation_options& options, std::size_t n_vocab) {
    detail::validate_numbers(options, n_vocab);
    detail::validate_lists(options, n_vocab);
}

NIBBLE_NAMESPACE_END
