// SPDX-License-Identifier: Apache-2.0
// The largest of many floats and where it stands, piece by piece.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The largest finite value that was looked at; of equal ones the lowest index: the same whoever looks at which piece.
struct largest_value {
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    float value = -std::numeric_limits<float>::infinity();
    std::size_t index = none;

    /// `first` is the index of values[0], above all indices so far.
    void look_at(std::span<const float> values, std::size_t first) noexcept {
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (values[i] > value && values[i] <= std::numeric_limits<float>::max()) {
                value = values[i];
                index = first + i;
            }
        }
    }

    void merge(const largest_value& other) noexcept {
        if (other.value > value || (other.value == value && other.index < index)) *this = other;
    }
};

NIBBLE_NAMESPACE_END
