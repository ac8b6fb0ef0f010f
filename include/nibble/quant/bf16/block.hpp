// SPDX-License-Identifier: Apache-2.0
// BF16 weights: bfloat16, the upper half of a float, little-endian.
#pragma once

#include <nibble/quant/format.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// One value is its own block.
struct bf16 {
    static constexpr data_type type = data_type::bf16;
    static constexpr std::size_t value_bytes = 2;
    static constexpr float_fields floats{float_exponent, 1, {0}};

    /// Value i of the row at `row`.
    [[nodiscard]] static float load(const std::uint8_t* row, std::size_t i) noexcept {
        return bf16_to_float(static_cast<std::uint16_t>(row[2 * i] | row[2 * i + 1] << 8));
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
