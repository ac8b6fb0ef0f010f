// SPDX-License-Identifier: Apache-2.0
// F16 weights: IEEE binary16, little-endian.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// One value is its own block.
struct f16 {
    static constexpr data_type type = data_type::f16;
    static constexpr std::size_t value_bytes = 2;
    static constexpr float_fields floats{half_exponent, 1, {0}};

    /// Value i of the row at `row`.
    [[nodiscard]] static float load(const std::uint8_t* row, std::size_t i) noexcept {
        return half_to_float(static_cast<std::uint16_t>(row[2 * i] | row[2 * i + 1] << 8));
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
