// SPDX-License-Identifier: Apache-2.0
// Numbers computed from untrusted ones: sizes that carry their overflow along, and steps that tell of it.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Each sets `result` to the last bits of a op b, also where it is a or b, and says whether that is another number.
template <std::integral T>
[[nodiscard]] constexpr bool add_overflows(T a, T b, T& result) noexcept {
    using limits = std::numeric_limits<T>;
    result = static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    return b < 0 ? a < limits::min() - b : a > limits::max() - b;
}
template <std::signed_integral T>
[[nodiscard]] constexpr bool subtract_overflows(T a, T b, T& result) noexcept {
    using limits = std::numeric_limits<T>;
    result = static_cast<T>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
    return b < 0 ? a > limits::max() + b : a < limits::min() + b;
}
template <std::integral T>
[[nodiscard]] constexpr bool multiply_overflows(T a, T b, T& result) noexcept {
    const auto magnitude = [](T v) {
        return v < 0 ? 0 - static_cast<std::uint64_t>(v) : static_cast<std::uint64_t>(v);
    };
    const bool negative = (a < 0) != (b < 0);
    const std::uint64_t most = static_cast<std::uint64_t>(std::numeric_limits<T>::max()) + (negative ? 1 : 0);
    const std::uint64_t x = magnitude(a), y = magnitude(b);
    result = static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    return y != 0 && x > most / y;
}

/// An unsigned 64-bit number that remembers whether any step that led to it overflowed. The value comes out only
/// through value(), so that a size is computed once and checked where it is used:
///     const auto bytes = (checked_size{rows} * row_bytes).value();  // nullopt if it does not fit
class checked_size {
public:
    template <std::unsigned_integral T>
    constexpr checked_size(T value) noexcept : value_(value) {}
    template <std::signed_integral T>
    checked_size(T) = delete;  // a negative number would turn into a huge one

    /// The number, or nullopt if it or anything it was made of does not fit into 64 bits.
    [[nodiscard]] constexpr std::optional<std::uint64_t> value() const noexcept {
        return overflowed_ ? std::nullopt : std::optional{value_};
    }

    [[nodiscard]] friend constexpr checked_size operator+(checked_size a, checked_size b) noexcept {
        return {a.value_ + b.value_, a.overflowed_ || b.overflowed_ || a.value_ > max - b.value_};
    }
    [[nodiscard]] friend constexpr checked_size operator*(checked_size a, checked_size b) noexcept {
        const bool wraps = b.value_ != 0 && a.value_ > max / b.value_;
        return {a.value_ * b.value_, a.overflowed_ || b.overflowed_ || wraps};
    }

    /// The next multiple of `multiple` (not 0), or the number itself if it is one.
    [[nodiscard]] constexpr checked_size rounded_up(std::uint64_t multiple) const noexcept {
        const std::uint64_t excess = value_ % multiple;
        return excess == 0 ? *this : *this + checked_size{multiple - excess};
    }

private:
    constexpr checked_size(std::uint64_t value, bool overflowed) noexcept : value_(value), overflowed_(overflowed) {}

    static constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t value_;
    bool overflowed_ = false;
};

NIBBLE_NAMESPACE_END
