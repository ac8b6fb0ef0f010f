// SPDX-License-Identifier: Apache-2.0
// Definitions of core/error.hpp: the text of an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/core/error.hpp>
#include <nibble/core/hex.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION std::string escaped(std::string_view text, std::size_t most) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i >= most) return out + "...";
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte == '\\') {
            out += "\\\\";
        } else if (byte >= 0x20 && byte < 0x7f) {
            out += text[i];
        } else {
            out += "\\x";
            append_hex(out, byte, 2);
        }
    }
    return out;
}

NIBBLE_FUNCTION error::error(errc code, std::string where, std::string expected, std::string got,
                             std::optional<std::uint64_t> offset)
    : std::runtime_error(compose(where, expected, got, offset)),
      code_(code),
      where_(std::move(where)),
      expected_(std::move(expected)),
      got_(std::move(got)),
      offset_(offset) {}

NIBBLE_FUNCTION error error::within(const std::string& place) const {
    return {code_, place + ": " + where_, expected_, got_, offset_};
}

NIBBLE_FUNCTION std::string error::compose(const std::string& where, const std::string& expected,
                                           const std::string& got, std::optional<std::uint64_t> offset) {
    std::string text = where;
    if (!expected.empty()) text += ": expected " + expected;
    if (!got.empty()) text += (expected.empty() ? ": " : ", got ") + got;
    if (offset) text += " (at byte " + std::to_string(*offset) + ")";
    return text;
}

NIBBLE_NAMESPACE_END
