// SPDX-License-Identifier: Apache-2.0
// F32 weights: IEEE binary32, little-endian.
#pragma once

#include <cstring>

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// One value is its own block.
struct f32 {
    static constexpr data_type type = data_type::f32;
    static constexpr std::size_t value_bytes = 4;
    static constexpr float_fields floats{float_exponent, 1, {2}};

    /// Value i of the row at `row`.
    [[nodiscard]] static float load(const std::uint8_t* row, std::size_t i) noexcept {
        float value;
        std::memcpy(&value, row + 4 * i, 4);
        return value;
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
