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
    deadline,      ///< options.deadline came
};

[[nodiscard]] constexpr std::string_view name_of(finish_reason reason) noexcept {
    constexpr std::string_view names[] = {"none",        "end token",    "stop string", "constraint",
                                          "token limit", "context full", "cancelled",   "deadline"};
    return names[static_cast<std::size_t>(reason)];
}

/// What became of a reply in the time that it was given.
enum class advance_result {
    pending,  ///< it is on the way to the next piece
    piece,    ///< there is a piece
    done,     ///< it has ended, and no piece is left
};

/// Counts and times of one generation. The seconds are those spent inside the library.
struct generation_stats {
    std::size_t prompt_tokens = 0;  ///< of the whole prompt
    std::size_t reused_tokens = 0;  ///< of these, already in the cache
    std::size_t generated_tokens = 0;
    std::size_t drafted_tokens = 0;   ///< guesses of options.draft that were checked
    std::size_t accepted_tokens = 0;  ///< of these, that came true
    double prompt_seconds = 0;        ///< for the tokens that were not reused
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
