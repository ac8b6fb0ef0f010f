// SPDX-License-Identifier: Apache-2.0
// Hexadecimal digits: what escapes in texts are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

inline constexpr std::string_view lower_hex_digits = "0123456789abcdef", upper_hex_digits = "0123456789ABCDEF";

/// Appends the last `count` hexadecimal digits of `value`, at most 16.
inline void append_hex(std::string& out, std::uint64_t value, std::size_t count,
                       std::string_view digits = lower_hex_digits) {
    for (std::size_t i = count; i-- > 0;) out += digits[value >> (4 * i) & 15];
}

/// The value of a hexadecimal digit in either case, or -1.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

NIBBLE_NAMESPACE_END
