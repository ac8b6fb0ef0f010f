// SPDX-License-Identifier: Apache-2.0
// How JSON is written.
#pragma once

#include <optional>
#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The defaults give compact text; `python()` gives what Python's json.dumps gives.
struct json_format {
    std::string_view item_separator = ",";
    std::string_view key_separator = ":";
    std::optional<std::string_view> indent = {};  ///< of one level; unset: everything on one line
    bool ensure_ascii = false;                    ///< characters from DEL on as \u escapes
    [[nodiscard]] static json_format python() { return {", ", ": ", {}, false}; }
};

NIBBLE_NAMESPACE_END
