// SPDX-License-Identifier: Apache-2.0
// Watches a growing text for the strings that end it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/prefix_automaton.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Finds the first place where one of several strings appears in a text that comes in pieces, and knows at any time
/// how much of the text cannot be part of one any more. Of several that end at the same byte the longest counts. Each
/// byte costs amortised constant time per string.
class stop_strings {
public:
    stop_strings() = default;

    /// Empty strings are ignored.
    explicit stop_strings(const std::vector<std::string>& strings);

    /// The text goes on with these bytes. Has no effect once matched().
    void feed(std::string_view bytes) noexcept;

    /// The text goes on with bytes in which the strings do not count: none reaches into them or out of them.
    void skip(std::size_t bytes) noexcept;

    /// One of the strings has appeared; it starts at settled().
    [[nodiscard]] bool matched() const noexcept { return matched_; }
    /// Which one, where one has: its place among the strings.
    [[nodiscard]] std::size_t which() const noexcept { return which_; }

    /// Bytes from the start of the text that belong to no string, whatever comes next. Never shrinks.
    [[nodiscard]] std::size_t settled() const noexcept { return settled_; }

private:
    struct pattern {
        prefix_automaton<char> automaton;
        std::size_t n_matched;  // the longest prefix of the string that ends the text fed so far
        std::size_t index;      // of the string
    };

    std::vector<pattern> patterns_;
    std::size_t n_fed_ = 0, settled_ = 0, which_ = 0;
    bool matched_ = false;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/stop_strings_impl.hpp>
#endif
