// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/stop_strings.hpp: byte by byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/prefix_automaton.hpp>
#include <nibble/generate/stop_strings.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION stop_strings::stop_strings(const std::vector<std::string>& strings) {
    for (std::size_t i = 0; i < strings.size(); ++i)
        if (!strings[i].empty()) patterns_.push_back({prefix_automaton<char>{strings[i]}, 0, i});
}

NIBBLE_FUNCTION void stop_strings::feed(std::string_view bytes) noexcept {
    for (const char byte : bytes) {
        if (matched_) return;
        ++n_fed_;
        std::size_t partial = 0, complete = 0;  // the longest of the strings' starts, and of the strings
        for (auto& one : patterns_) {
            one.n_matched = one.automaton.next(one.n_matched, byte);
            const bool whole = one.n_matched == one.automaton.size();
            if (whole && one.n_matched > complete) which_ = one.index;
            auto& longest = whole ? complete : partial;
            longest = std::max(longest, one.n_matched);
        }
        matched_ = complete > 0;
        settled_ = n_fed_ - (matched_ ? complete : partial);
    }
}

NIBBLE_FUNCTION void stop_strings::skip(std::size_t bytes) noexcept {
    if (matched_) return;
    n_fed_ += bytes;
    settled_ = n_fed_;
    for (auto& one : patterns_) one.n_matched = 0;
}

NIBBLE_NAMESPACE_END
