// SPDX-License-Identifier: Apache-2.0
// Definitions of gguf/value.hpp: numbers in range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <nibble/gguf/reader.hpp>
#include <nibble/gguf/value.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

template <class Integer>
std::optional<Integer> value::as_integer() const noexcept {
    const auto narrow = [](auto stored) -> std::optional<Integer> {
        if (!std::in_range<Integer>(stored)) return {};
        return static_cast<Integer>(stored);
    };
    const std::byte* at = bytes_.data();
    switch (type_) {
        case value_type::u8: return narrow(load<std::uint8_t>(at));
        case value_type::i8: return narrow(load<std::int8_t>(at));
        case value_type::u16: return narrow(load<std::uint16_t>(at));
        case value_type::i16: return narrow(load<std::int16_t>(at));
        case value_type::u32: return narrow(load<std::uint32_t>(at));
        case value_type::i32: return narrow(load<std::int32_t>(at));
        case value_type::u64: return narrow(load<std::uint64_t>(at));
        case value_type::i64: return narrow(load<std::int64_t>(at));
        default: return {};
    }
}

NIBBLE_FUNCTION std::optional<std::uint64_t> value::as_unsigned() const noexcept { return as_integer<std::uint64_t>(); }

NIBBLE_FUNCTION std::optional<std::int64_t> value::as_signed() const noexcept { return as_integer<std::int64_t>(); }

NIBBLE_FUNCTION std::optional<double> value::as_double() const noexcept {
    if (type_ == value_type::f32) return load<float>(bytes_.data());
    if (type_ == value_type::f64) return load<double>(bytes_.data());
    constexpr std::int64_t exact = std::int64_t{1} << 53;  // every integer up to here has a double
    const auto integer = as_signed();
    if (!integer || *integer > exact || *integer < -exact) return {};
    return static_cast<double>(*integer);
}

NIBBLE_FUNCTION std::optional<bool> value::as_bool() const noexcept {
    if (type_ != value_type::boolean) return {};
    return load<std::uint8_t>(bytes_.data()) != 0;
}

}  // namespace gguf
NIBBLE_NAMESPACE_END
