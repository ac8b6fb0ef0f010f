// SPDX-License-Identifier: Apache-2.0
// Watches a growing text for the strings that end it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Finds the first place where one of several strings appears in a text that comes in pieces, and knows at any time
/// how much of the text cannot be part of one any more. Of several that end at the same byte the longest counts. Each
/// byte costs amortised constant time per string: Knuth, Morris and Pratt, "Fast pattern matching in strings", SIAM J.
/// Comput. 6 (1977).
class stop_strings {
public:
    stop_strings() = default;

    /// Empty strings are ignored.
    explicit stop_strings(const std::vector<std::string>& strings) {
        for (const auto& text : strings)
            if (!text.empty()) patterns_.push_back({text, borders(text), 0});
    }

    /// The text goes on with these bytes. Has no effect once matched().
    void feed(std::string_view bytes) noexcept {
        for (const char byte : bytes) {
            if (matched_) return;
            ++n_fed_;
            std::size_t partial = 0, complete = 0;  // the longest of the strings' starts, and of the strings
            for (auto& one : patterns_) {
                one.advance(byte);
                auto& longest = one.n_matched == one.text.size() ? complete : partial;
                longest = std::max(longest, one.n_matched);
            }
            matched_ = complete > 0;
            settled_ = n_fed_ - (matched_ ? complete : partial);
        }
    }

    /// One of the strings has appeared; it starts at settled().
    [[nodiscard]] bool matched() const noexcept { return matched_; }

    /// Bytes from the start of the text that belong to no string, whatever comes next. Never shrinks.
    [[nodiscard]] std::size_t settled() const noexcept { return settled_; }

private:
    struct pattern {
        std::string text;
        std::vector<std::size_t> border;  // [i]: longest proper prefix of text that ends text[0, i]
        std::size_t n_matched;            // the longest prefix of text that ends the text fed so far

        void advance(char byte) noexcept {
            while (n_matched > 0 && text[n_matched] != byte) n_matched = border[n_matched - 1];
            if (text[n_matched] == byte) ++n_matched;
        }
    };

    static std::vector<std::size_t> borders(std::string_view text) {
        std::vector<std::size_t> border(text.size());
        for (std::size_t i = 1; i < text.size(); ++i) {
            std::size_t length = border[i - 1];
            while (length > 0 && text[length] != text[i]) length = border[length - 1];
            border[i] = length + (text[length] == text[i] ? 1 : 0);
        }
        return border;
    }

    std::vector<pattern> patterns_;
    std::size_t n_fed_ = 0, settled_ = 0;
    bool matched_ = false;
};

NIBBLE_NAMESPACE_END
