// SPDX-License-Identifier: Apache-2.0
// One token of a template.
#pragma once

#include <cstdint>
#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

enum class token_kind : std::uint8_t {
    data,
    variable_begin,
    variable_end,
    block_begin,
    block_end,
    name,
    string,
    integer,
    number,
    op,
    end
};

struct lexeme {
    token_kind kind;
    std::uint32_t offset;   ///< into the source
    std::string_view text;  ///< data, name, operator; a string without quotes and escapes
    std::int64_t integer = 0;
    double number = 0;
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
