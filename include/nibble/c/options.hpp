// SPDX-License-Identifier: Apache-2.0
// The structs of options of the C interface: their defaults, which are those of C++, and what they become there.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/c/call.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/generate/session_options.hpp>
#include <nibble/generate/tool_calling.hpp>
#include <nibble/model/model.hpp>
#include <nibble/nibble.h>

NIBBLE_NAMESPACE_BEGIN
namespace c {

[[nodiscard]] inline nibble_model_options defaults_of(const nibble_model_options*) {
    const model_options from;
    nibble_model_options out{};
    out.chat_template_length = NIBBLE_NUL_ENDED;
    out.copy = from.access == file_access::copy;
    out.read_ahead = from.read_ahead;
    return out;
}

[[nodiscard]] inline nibble_session_options defaults_of(const nibble_session_options*) {
    const session_options from;
    nibble_session_options out{};
    out.context = from.context;
    out.batch = from.batch;
    out.sequences = from.sequences;
    out.positions = from.positions;
    out.threads = from.threads;
    out.cache_type = static_cast<std::int32_t>(from.kv_type);
    return out;
}

/// The numbers that have the same name in C and C++, in either direction.
template <class From, class To>
void copy_sampling(const From& from, To& to) {
    to.seed = from.seed;
    to.temperature = from.temperature;
    to.top_p = from.top_p;
    to.min_p = from.min_p;
    to.typical_p = from.typical_p;
    to.top_n_sigma = from.top_n_sigma;
    to.xtc_probability = from.xtc_probability;
    to.xtc_threshold = from.xtc_threshold;
    to.mirostat_tau = from.mirostat_tau;
    to.mirostat_eta = from.mirostat_eta;
    to.repeat_penalty = from.repeat_penalty;
    to.presence_penalty = from.presence_penalty;
    to.frequency_penalty = from.frequency_penalty;
    to.dry_multiplier = from.dry_multiplier;
    to.dry_base = from.dry_base;
    to.dry_allowed_length = from.dry_allowed_length;
    to.dry_penalty_last_n = from.dry_penalty_last_n;
    to.repeat_last_n = from.repeat_last_n;
    to.top_k = from.top_k;
    to.n_probs = from.n_probs;
}

[[nodiscard]] inline nibble_reply_options defaults_of(const nibble_reply_options*) {
    const generation_options from;
    nibble_reply_options out{};
    out.max_tokens = out.thinking_budget = NIBBLE_UNLIMITED;
    out.structure_length = out.tools_length = out.variables_length = NIBBLE_NUL_ENDED;
    copy_sampling(from, out);
    out.mirostat = from.mirostat;
    out.thinking = NIBBLE_THINKING_DEFAULT;
    return out;
}
static_assert(NIBBLE_UNLIMITED == unlimited);

/// ..._options_init().
template <class Options>
nibble_status init_options(Options* options, std::size_t size) noexcept {
    return guarded(nullptr, [&] {
        require_size<Options>(size, "options");
        output(options, "options") = defaults_of(options);
        options->size = size;
    });
}

/// The options that a call was given, or the defaults. Throws NIBBLE_ERROR_ARGUMENT for a struct of another size.
template <class Options>
[[nodiscard]] Options given_options(const Options* options) {
    if (!options) return defaults_of(options);
    require_size<Options>(options->size, "options");
    return *options;
}

/// A number that stands for one of a few things. Throws NIBBLE_ERROR_OPTION.
[[nodiscard]] inline std::int32_t choice(std::int32_t value, std::int32_t first, std::int32_t last, const char* name) {
    if (value < first || value > last)
        throw refusal(NIBBLE_ERROR_OPTION, std::string{"option '"} + name + "'",
                      std::to_string(first) + " to " + std::to_string(last), std::to_string(value));
    return value;
}

/// The text of an option; empty where it is not given.
[[nodiscard]] inline std::string_view option_text(const char* text, std::size_t length, const char* name) {
    return text ? text_of(text, length, name) : std::string_view{};
}

/// The same as JSON; null where it is not given.
[[nodiscard]] inline json option_json(const char* text, std::size_t length, const char* name) {
    return text ? json::parse(text_of(text, length, name)) : json{};
}

[[nodiscard]] inline model_options options_of(const nibble_model_options* options) {
    const auto given = given_options(options);
    model_options out;
    if (given.context != 0) out.config.context = given.context;
    out.chat_template = option_text(given.chat_template, given.chat_template_length, "option 'chat_template'");
    out.access = choice(given.copy, 0, 1, "copy") != 0 ? file_access::copy : file_access::map;
    out.read_ahead = choice(given.read_ahead, 0, 1, "read_ahead") != 0;
    return out;
}

[[nodiscard]] inline session_options options_of(const nibble_session_options* options) {
    const auto given = given_options(options);
    session_options out;
    out.context = given.context;
    out.batch = given.batch;
    out.sequences = given.sequences;
    out.positions = given.positions;
    out.threads = given.threads;
    out.kv_type = static_cast<cache_type>(choice(given.cache_type, NIBBLE_CACHE_Q16, NIBBLE_CACHE_Q8, "cache_type"));
    return out;
}
static_assert(NIBBLE_CACHE_Q16 == static_cast<int>(cache_type::q16));
static_assert(NIBBLE_CACHE_F16 == static_cast<int>(cache_type::f16));
static_assert(NIBBLE_CACHE_Q8 == static_cast<int>(cache_type::q8));

/// What a chat template is told.
inline void set_template_options(generation_options& out, const nibble_reply_options& given) {
    const auto thinking = choice(given.thinking, NIBBLE_THINKING_DEFAULT, NIBBLE_THINKING_ON, "thinking");
    if (thinking != NIBBLE_THINKING_DEFAULT) out.thinking = thinking == NIBBLE_THINKING_ON;
    out.tools = option_json(given.tools, given.tools_length, "option 'tools'");
    constexpr tool_choice choices[] = {{}, no_tool_calls, required_tool_call};
    out.tool_choice = choices[choice(given.tool_choice, NIBBLE_TOOLS_AUTO, NIBBLE_TOOLS_REQUIRED, "tool_choice")];
    out.variables = option_json(given.variables, given.variables_length, "option 'variables'");
    out.date = {.year = given.year, .month = given.month, .day = given.day};
}

/// A number of seconds from now on. Throws NIBBLE_ERROR_OPTION for one that is none.
[[nodiscard]] inline std::chrono::nanoseconds seconds_of(double seconds, const char* name) {
    if (!(seconds >= 0))
        throw refusal(NIBBLE_ERROR_OPTION, name, "a number of seconds, at least 0", std::to_string(seconds));
    constexpr double most = 1e9;  // 30 years, which a nanosecond count has room for
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>{std::min(seconds, most)});
}

[[nodiscard]] inline std::chrono::steady_clock::time_point deadline_of(double time_limit) {
    const auto duration = seconds_of(time_limit, "option 'time_limit'");
    return duration.count() == 0 ? no_deadline : std::chrono::steady_clock::now() + duration;
}

[[nodiscard]] inline std::vector<std::pair<token, float>> biases_of(const nibble_reply_options& given) {
    const auto tokens = tokens_of(given.bias_tokens, given.n_biases, "option 'bias_tokens'");
    if (!given.biases && !tokens.empty())
        throw refusal(NIBBLE_ERROR_ARGUMENT, "option 'biases'", "a number for each of bias_tokens", "null");
    std::vector<std::pair<token, float>> out;
    for (std::size_t i = 0; i < tokens.size(); ++i) out.emplace_back(tokens[i], given.biases[i]);
    return out;
}

/// All but the structure and the flag, which are the reply's own.
[[nodiscard]] inline generation_options options_of(const nibble_reply_options& given) {
    generation_options out;
    copy_sampling(given, out);
    out.mirostat = choice(given.mirostat, 0, 1, "mirostat") != 0;
    out.logit_bias = biases_of(given);
    out.max_tokens = given.max_tokens;
    out.stop = texts_of(given.stop, given.n_stop, "option 'stop'");
    out.deadline = deadline_of(given.time_limit);
    out.lazy_prompt = choice(given.lazy_prompt, 0, 1, "lazy_prompt") != 0;
    out.thinking_budget = given.thinking_budget;
    out.draft.lookup = choice(given.draft_lookup, 0, 1, "draft_lookup") != 0;
    set_template_options(out, given);
    return out;
}

}  // namespace c
NIBBLE_NAMESPACE_END

NIBBLE_C_FUNCTION nibble_status nibble_model_options_init(nibble_model_options* options, size_t size) {
    return nibble::c::init_options(options, size);
}

NIBBLE_C_FUNCTION nibble_status nibble_session_options_init(nibble_session_options* options, size_t size) {
    return nibble::c::init_options(options, size);
}

NIBBLE_C_FUNCTION nibble_status nibble_reply_options_init(nibble_reply_options* options, size_t size) {
    return nibble::c::init_options(options, size);
}
