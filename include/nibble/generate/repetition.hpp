// SPDX-License-Identifier: Apache-2.0
// What the tokens so far say about the next one: how often each occurred, and which would continue a repetition.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The last `last_n` tokens of a history; -1 is all of it.
[[nodiscard]] inline std::span<const token> last_tokens(std::span<const token> history, int last_n) noexcept {
    if (last_n < 0) return history;
    return history.last(std::min(history.size(), static_cast<std::size_t>(last_n)));
}

/// One number per token of the vocabulary, all zero between uses.
using token_counts = std::vector<std::uint32_t>;

inline void count_tokens(std::span<const token> window, token_counts& counts) noexcept {
    for (const auto id : window) ++counts[static_cast<std::size_t>(id)];
}

inline void clear_counts(std::span<const token> window, token_counts& counts) noexcept {
    for (const auto id : window) counts[static_cast<std::size_t>(id)] = 0;
}

/// For every token of the window, sets lengths[token] to the length of the longest end of the window that also occurs
/// earlier in it, directly before that token: generating the token would make that repetition one longer. Lengths
/// reach back to the last token for which is_breaker(token), at most.
/// `matches` has at least window.size() numbers. Linear in the window: the Z function of the reversed window
/// (Gusfield 1997), matches[i] = how far the window, read backwards from its end, agrees with itself from i on.
template <class IsBreaker>
void repetition_lengths(std::span<const token> window, IsBreaker is_breaker, std::vector<std::uint32_t>& matches,
                        token_counts& lengths) noexcept {
    const std::size_t n = window.size();
    const auto backwards = [&](std::size_t i) { return window[n - 1 - i]; };
    std::size_t reach = 0;  // tokens after the last breaker
    while (reach < n && !is_breaker(backwards(reach))) ++reach;
    std::size_t left = 0, right = 0;  // the match [left, right) that ends last
    for (std::size_t i = 1; i < n; ++i) {
        std::size_t length = i < right ? std::min<std::size_t>(right - i, matches[i - left]) : 0;
        while (i + length < n && backwards(length) == backwards(i + length)) ++length;
        matches[i] = static_cast<std::uint32_t>(length);
        if (i + length > right) left = i, right = i + length;
        auto& longest = lengths[static_cast<std::size_t>(backwards(i - 1))];
        longest = std::max(longest, static_cast<std::uint32_t>(std::min(length, reach)));
    }
}

NIBBLE_NAMESPACE_END
