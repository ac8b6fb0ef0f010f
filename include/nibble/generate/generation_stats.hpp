// SPDX-License-Identifier: Apache-2.0
// What is known of a generation besides its text: why it ended, how many tokens, how long it took.
#pragma once

#include <cstddef>
#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Why a generation ended.
enum class finish_reason {
    none,          ///< it has not, yet
    end_token,     ///< the model ended its reply
    stop_string,   ///< one of options.stop appeared
    constraint,    ///< options.constraint has all it wants
    token_limit,   ///< options.max_tokens
    context_full,  ///< no room for another token
    cancelled,     ///< options.cancel was set
};

[[nodiscard]] constexpr std::string_view name_of(finish_reason reason) noexcept {
    constexpr std::string_view names[] = {"none",        "end token",    "stop string", "constraint",
                                          "token limit", "context full", "cancelled"};
    return names[static_cast<std::size_t>(reason)];
}

/// Counts and times of one generation. The seconds are those spent inside the library; its only use of a clock.
struct generation_stats {
    std::size_t prompt_tokens = 0;  ///< of the whole prompt
    std::size_t reused_tokens = 0;  ///< of these, already in the cache
    std::size_t generated_tokens = 0;
    double prompt_seconds = 0;  ///< for the tokens that were not reused
    double generation_seconds = 0;

    [[nodiscard]] double tokens_per_second() const noexcept { return rate(generated_tokens, generation_seconds); }
    [[nodiscard]] double prompt_tokens_per_second() const noexcept {
        return rate(prompt_tokens - reused_tokens, prompt_seconds);
    }

private:
    static double rate(std::size_t n, double seconds) noexcept {
        return seconds > 0 ? static_cast<double>(n) / seconds : 0.0;
    }
};

NIBBLE_NAMESPACE_END
