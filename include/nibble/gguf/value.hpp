// SPDX-License-Identifier: Apache-2.0
// Typed, non-owning views of the metadata values of a GGUF file.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/gguf/reader.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

/// Type of a metadata value; the values are the type ids of the GGUF specification.
enum class value_type : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

/// Name of a type for messages; "unknown" for an id that no GGUF type has.
[[nodiscard]] constexpr std::string_view name_of(value_type type) noexcept {
    constexpr std::string_view names[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                          "bool", "string", "array", "u64", "i64", "f64"};
    const auto id = static_cast<std::uint32_t>(type);
    return id < std::size(names) ? names[id] : std::string_view{"unknown"};
}

/// Bytes of one value on disk; 0 for strings and arrays, whose size varies, and for unknown ids.
[[nodiscard]] constexpr std::uint32_t fixed_size(value_type type) noexcept {
    constexpr std::uint32_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    const auto id = static_cast<std::uint32_t>(type);
    return id < std::size(sizes) ? sizes[id] : 0;
}

/// A C++ type that stands for one of the scalar value types.
template <class T>
concept scalar = std::integral<T> || std::same_as<T, float> || std::same_as<T, double>;

/// The value type that holds a T: by kind, size and sign, so that long and long long both work.
template <scalar T>
[[nodiscard]] constexpr value_type type_of() noexcept {
    if constexpr (std::same_as<T, bool>) return value_type::boolean;
    if constexpr (std::same_as<T, float>) return value_type::f32;
    if constexpr (std::same_as<T, double>) return value_type::f64;
    constexpr bool is_signed = std::signed_integral<T>;
    switch (sizeof(T)) {
        case 1: return is_signed ? value_type::i8 : value_type::u8;
        case 2: return is_signed ? value_type::i16 : value_type::u16;
        case 4: return is_signed ? value_type::i32 : value_type::u32;
        default: return is_signed ? value_type::i64 : value_type::u64;
    }
}

/// Forward range over the elements of a string array; nothing is allocated, each step reads one length. The
/// lengths were validated by the parser; a walk stays inside the bytes even if the file changes under the mapping.
class string_range {
public:
    class iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using pointer = const std::string_view*;
        using reference = const std::string_view&;

        iterator() = default;
        iterator(std::span<const std::byte> bytes, std::uint64_t count) : rest_(bytes), left_(count) { fetch(); }

        [[nodiscard]] reference operator*() const noexcept { return current_; }
        [[nodiscard]] pointer operator->() const noexcept { return &current_; }
        iterator& operator++() noexcept {
            --left_;
            fetch();
            return *this;
        }
        iterator operator++(int) noexcept {
            auto before = *this;
            ++*this;
            return before;
        }
        /// Iterators of the same range only.
        [[nodiscard]] friend bool operator==(const iterator& a, const iterator& b) noexcept {
            return a.left_ == b.left_;
        }

    private:
        void fetch() noexcept {
            if (left_ != 0) current_ = take_string(rest_);
        }

        std::string_view current_;
        std::span<const std::byte> rest_;  // bytes after current_
        std::uint64_t left_ = 0;           // elements from current_ to the end
    };

    string_range() = default;
    string_range(std::span<const std::byte> bytes, std::uint64_t count) : bytes_(bytes), count_(count) {}

    [[nodiscard]] iterator begin() const noexcept { return {bytes_, count_}; }
    [[nodiscard]] iterator end() const noexcept { return {}; }
    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(count_); }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

private:
    std::span<const std::byte> bytes_;
    std::uint64_t count_ = 0;
};

/// Random access to the elements of a numeric array, which lies unaligned in the file: elements come by value.
template <scalar T>
class number_range {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;  // random access in all but its returning values
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = T;

        iterator() = default;
        explicit iterator(const std::byte* at) : at_(at) {}
        [[nodiscard]] T operator*() const noexcept { return load<T>(at_); }
        iterator& operator++() noexcept {
            at_ += sizeof(T);
            return *this;
        }
        iterator operator++(int) noexcept {
            auto before = *this;
            ++*this;
            return before;
        }
        [[nodiscard]] friend bool operator==(iterator a, iterator b) noexcept { return a.at_ == b.at_; }

    private:
        const std::byte* at_ = nullptr;
    };

    number_range() = default;
    explicit number_range(std::span<const std::byte> bytes) : bytes_(bytes) {}

    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() / sizeof(T); }
    [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
    [[nodiscard]] T operator[](std::size_t i) const noexcept { return load<T>(bytes_.data() + i * sizeof(T)); }
    [[nodiscard]] iterator begin() const noexcept { return iterator{bytes_.data()}; }
    [[nodiscard]] iterator end() const noexcept { return iterator{bytes_.data() + bytes_.size()}; }

private:
    std::span<const std::byte> bytes_;
};

/// One metadata value: a view of validated bytes inside the file, which must outlive it. Trivially copyable.
/// The accessors never convert silently: what does not hold exactly the thing asked for gives nullopt or an empty
/// range.
class value {
public:
    value() = default;
    /// For the parser: a scalar (its bytes) or a string (its text).
    value(value_type type, std::span<const std::byte> bytes) : bytes_(bytes), type_(type) {}
    /// For the parser: an array of `count` validated elements that fill `bytes`.
    value(value_type element, std::uint64_t count, std::span<const std::byte> bytes)
        : bytes_(bytes), count_(count), type_(value_type::array), element_(element) {}

    [[nodiscard]] value_type type() const noexcept { return type_; }
    [[nodiscard]] bool is_array() const noexcept { return type_ == value_type::array; }
    [[nodiscard]] bool is_array_of(value_type element) const noexcept { return is_array() && element_ == element; }
    /// Type and number of the elements of an array; of a scalar its own type and 0.
    [[nodiscard]] value_type element_type() const noexcept { return is_array() ? element_ : type_; }
    [[nodiscard]] std::size_t array_size() const noexcept { return static_cast<std::size_t>(count_); }
    /// Element i < array_size() of an array whose elements are of a fixed size.
    [[nodiscard]] value element(std::size_t i) const noexcept {
        const std::size_t width = fixed_size(element_);
        return {element_, bytes_.subspan(i * width, width)};
    }
    /// The scalar, the text or the elements as they lie in the file.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

    /// Any integer type whose value is in range.
    [[nodiscard]] std::optional<std::uint64_t> as_unsigned() const noexcept;
    [[nodiscard]] std::optional<std::int64_t> as_signed() const noexcept;

    /// f32, f64, or an integer of at most 53 bits.
    [[nodiscard]] std::optional<double> as_double() const noexcept;

    [[nodiscard]] std::optional<bool> as_bool() const noexcept;

    /// Text as stored: any bytes, not necessarily UTF-8.
    [[nodiscard]] std::optional<std::string_view> as_string() const noexcept {
        if (type_ != value_type::string) return {};
        return as_text(bytes_);
    }

    /// Elements of a string array; empty for any other value (check is_array_of first where that matters).
    [[nodiscard]] string_range strings() const noexcept {
        return is_array_of(value_type::string) ? string_range{bytes_, count_} : string_range{};
    }

    /// Elements of an array of exactly T; empty for any other value (check is_array_of first where that matters).
    template <scalar T>
    [[nodiscard]] number_range<T> numbers() const noexcept {
        return is_array_of(type_of<T>()) ? number_range<T>{bytes_} : number_range<T>{};
    }

private:
    template <class Integer>
    [[nodiscard]] std::optional<Integer> as_integer() const noexcept;

    std::span<const std::byte> bytes_;
    std::uint64_t count_ = 0;
    value_type type_ = value_type::u8;
    value_type element_ = value_type::u8;
};

/// One metadata entry; `offset` is the byte of the file at which the entry starts.
struct key_value {
    std::string_view key;
    value val;
    std::uint64_t offset = 0;
};

}  // namespace gguf
NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/gguf/value_impl.hpp>
#endif
