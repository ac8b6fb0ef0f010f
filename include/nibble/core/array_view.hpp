// SPDX-License-Identifier: Apache-2.0
// Elements that lie side by side, borrowed to be read.
#pragma once

#include <cstddef>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What std::span<const T> is, for a twentieth of the 3.6 MB that g++ takes to check the concepts of each T and its
/// container. Spans are of bytes, floats and tokens; views are of all else. Either becomes the other.
template <class T>
class array_view {
public:
    using value_type = T;

    constexpr array_view() noexcept = default;
    constexpr array_view(const T* data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N>
    constexpr array_view(const T (&elements)[N]) noexcept : data_(elements), size_(N) {}
    /// Of a vector, a std::array, a span: it must outlive the view.
    template <class Elements>
    requires requires(const Elements& elements, void (*take)(const T*, std::size_t)) {
        take(elements.data(), elements.size());
    }
    constexpr array_view(const Elements& elements) noexcept : data_(elements.data()), size_(elements.size()) {}

    [[nodiscard]] constexpr const T* data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] constexpr const T* begin() const noexcept { return data_; }
    [[nodiscard]] constexpr const T* end() const noexcept { return data_ + size_; }

    // As with a span, there must be so many elements.
    [[nodiscard]] constexpr const T& operator[](std::size_t i) const noexcept { return data_[i]; }
    [[nodiscard]] constexpr const T& front() const noexcept { return data_[0]; }
    [[nodiscard]] constexpr const T& back() const noexcept { return data_[size_ - 1]; }
    [[nodiscard]] constexpr array_view first(std::size_t count) const noexcept { return {data_, count}; }
    [[nodiscard]] constexpr array_view subspan(std::size_t offset) const noexcept {
        return {data_ + offset, size_ - offset};
    }
    [[nodiscard]] constexpr array_view subspan(std::size_t offset, std::size_t count) const noexcept {
        return {data_ + offset, count};
    }

private:
    const T* data_ = nullptr;
    std::size_t size_ = 0;
};

NIBBLE_NAMESPACE_END
