// SPDX-License-Identifier: Apache-2.0
// Owned, zeroed, 64-byte aligned memory for caches and work areas.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <span>
#include <type_traits>
#include <utility>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// The memory of an aligned_buffer, whatever it holds. Move-only.
class aligned_memory {
public:
    static constexpr std::size_t alignment = 64;

    aligned_memory() = default;
    /// Throws errc::out_of_memory with the number of bytes.
    aligned_memory(std::size_t count, std::size_t bytes_of_one);
    aligned_memory(aligned_memory&& other) noexcept
        : block_(std::exchange(other.block_, nullptr)),
          first_(std::exchange(other.first_, nullptr)),
          count_(std::exchange(other.count_, 0)) {}
    aligned_memory& operator=(aligned_memory&& other) noexcept {
        aligned_memory taken{std::move(other)};
        std::swap(block_, taken.block_);
        std::swap(first_, taken.first_);
        std::swap(count_, taken.count_);
        return *this;
    }
    aligned_memory(const aligned_memory&) = delete;
    aligned_memory& operator=(const aligned_memory&) = delete;
    ~aligned_memory() { std::free(block_); }

    [[nodiscard]] void* first() const noexcept { return first_; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
    void* block_ = nullptr;  // as the system gave it
    void* first_ = nullptr;
    std::size_t count_ = 0;
};

}  // namespace detail

/// `size` values of T whose bytes are all zero, aligned to a cache line and to the widest vector. A large buffer
/// comes as fresh pages from the system, so what is never touched is never resident: a session may reserve its
/// whole context and pay for what it fills. Move-only. calloc rather than a mapping of its own: it is as lazy,
/// works everywhere, and sanitizers see the bounds.
template <class T>
requires std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>
class aligned_buffer {
public:
    static constexpr std::size_t alignment = detail::aligned_memory::alignment;
    static_assert(alignof(T) <= alignment);

    aligned_buffer() = default;

    /// Throws errc::out_of_memory with the number of bytes.
    explicit aligned_buffer(std::size_t size) : memory_(size, sizeof(T)) {}

    [[nodiscard]] T* data() noexcept { return static_cast<T*>(memory_.first()); }
    [[nodiscard]] const T* data() const noexcept { return static_cast<const T*>(memory_.first()); }
    [[nodiscard]] std::size_t size() const noexcept { return memory_.count(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return data()[i]; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return data()[i]; }
    [[nodiscard]] T* begin() noexcept { return data(); }
    [[nodiscard]] T* end() noexcept { return data() + size(); }
    [[nodiscard]] const T* begin() const noexcept { return data(); }
    [[nodiscard]] const T* end() const noexcept { return data() + size(); }
    [[nodiscard]] std::span<T> span() noexcept { return {data(), size()}; }
    [[nodiscard]] std::span<const T> span() const noexcept { return {data(), size()}; }

private:
    detail::aligned_memory memory_;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/core/aligned_buffer_impl.hpp>
#endif
