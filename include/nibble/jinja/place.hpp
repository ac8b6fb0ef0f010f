// SPDX-License-Identifier: Apache-2.0
// Places in the source of a template, and what is wrong with them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/core/error.hpp>
#include <nibble/unicode/code_points.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// "chat template line 3, column 14" for a byte offset into the source.
[[nodiscard]] inline std::string place(std::string_view source, std::size_t offset) {
    const std::string_view before = source.substr(0, std::min(offset, source.size()));
    const std::size_t line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    const std::size_t column = 1 + count_code_points(before.substr(before.rfind('\n') + 1));
    return "chat template line " + std::to_string(line) + ", column " + std::to_string(column);
}

[[noreturn]] inline void syntax_error(std::string_view source, std::size_t offset, std::string expected,
                                      std::string got = {}) {
    throw error(errc::tmpl_syntax, place(source, offset), std::move(expected), std::move(got));
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
