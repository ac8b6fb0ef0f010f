// SPDX-License-Identifier: Apache-2.0
// The structs of options of the C interface: their defaults, which are those of C++, and what they become there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nibble/c/call.hpp>
#include <nibble/core/config.hpp>
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

[[nodiscard]] inline nibble_reply_options defaults_of(const nibble_reply_options*) {
    const generation_options from;
    nibble_reply_options out{};
    out.seed = from.seed;
    out.max_tokens = out.thinking_budget = NIBBLE_UNLIMITED;
    out.structure_length = out.tools_length = out.variables_length = NIBBLE_NUL_ENDED;
    out.temperature = from.temperature;
    out.top_p = from.top_p;
    out.min_p = from.min_p;
    out.repeat_penalty = from.repeat_penalty;
    out.presence_penalty = from.presence_penalty;
    out.frequency_penalty = from.frequency_penalty;
    out.repeat_last_n = from.repeat_last_n;
    out.top_k = from.top_k;
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

/// All but the structure and the flag, which are the reply's own.
[[nodiscard]] inline generation_options options_of(const nibble_reply_options& given) {
    generation_options out;
    out.temperature = given.temperature;
    out.top_k = given.top_k;
    out.top_p = given.top_p;
    out.min_p = given.min_p;
    out.seed = given.seed;
    out.max_tokens = given.max_tokens;
    out.stop = texts_of(given.stop, given.n_stop, "option 'stop'");
    out.thinking_budget = given.thinking_budget;
    out.repeat_penalty = given.repeat_penalty;
    out.repeat_last_n = given.repeat_last_n;
    out.presence_penalty = given.presence_penalty;
    out.frequency_penalty = given.frequency_penalty;
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
