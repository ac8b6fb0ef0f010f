// SPDX-License-Identifier: Apache-2.0
// Where a reference inside of a JSON schema leads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <nibble/core/hex.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// %HH of a URI fragment.
[[nodiscard]] inline std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_escape =
            text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
        out += is_escape ? static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])) : text[i];
        if (is_escape) i += 2;
    }
    return out;
}

/// ~0 and ~1 of a JSON pointer.
[[nodiscard]] inline std::string pointer_unescaped(std::string_view key) {
    std::string out;
    for (std::size_t i = 0; i < key.size(); ++i) {
        const bool is_escape = key[i] == '~' && i + 1 < key.size() && (key[i + 1] == '0' || key[i + 1] == '1');
        out += is_escape ? (key[++i] == '0' ? '~' : '/') : key[i];
    }
    return out;
}

/// The schema in `root` that a local reference (#, #/$defs/name, any JSON pointer) names, or nullptr.
[[nodiscard]] inline const json* resolve_reference(const json& root, std::string_view ref) {
    if (ref.empty() || ref[0] != '#') return nullptr;
    const std::string pointer = percent_decoded(ref.substr(1));
    std::string_view rest = pointer;
    const json* at = &root;
    while (!rest.empty() && at) {
        if (rest[0] != '/') return nullptr;
        const auto end = std::min(rest.find('/', 1), rest.size());
        const std::string key = pointer_unescaped(rest.substr(1, end - 1));
        rest.remove_prefix(end);
        if (at->is_array()) {
            const bool is_index =
                !key.empty() && key.size() < 7 && key.find_first_not_of("0123456789") == std::string::npos;
            const std::size_t index = is_index ? std::stoul(key) : at->as_array().size();
            at = index < at->as_array().size() ? &at->as_array()[index] : nullptr;
        } else {
            at = at->find(key);
        }
    }
    return at;
}

}  // namespace detail

NIBBLE_NAMESPACE_END
