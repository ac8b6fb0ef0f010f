// SPDX-License-Identifier: Apache-2.0
// The white space of JSON and of the gaps between tags, and texts without it at their ends.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

inline constexpr std::string_view white_space = " \t\r\n";

[[nodiscard]] constexpr bool is_white_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// `text` without the characters of `space` that it begins with.
[[nodiscard]] constexpr std::string_view trim_start(std::string_view text,
                                                    std::string_view space = white_space) noexcept {
    return text.substr(std::min(text.find_first_not_of(space), text.size()));
}

/// `text` without the white space that it ends with.
[[nodiscard]] constexpr std::string_view trim_end(std::string_view text) noexcept {
    return text.substr(0, text.find_last_not_of(white_space) + 1);  // npos + 1 is 0
}

[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept { return trim_end(trim_start(text)); }

NIBBLE_NAMESPACE_END
