// SPDX-License-Identifier: Apache-2.0
// Owned, zeroed, 64-byte aligned memory for caches and work areas.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <nibble/core/checked.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>

NIBBLE_NAMESPACE_BEGIN

/// `size` values of T whose bytes are all zero, aligned to a cache line and to the widest vector. A large buffer
/// comes as fresh pages from the system, so what is never touched is never resident: a session may reserve its
/// whole context and pay for what it fills. Move-only. calloc rather than a mapping of its own: it is as lazy,
/// works everywhere, and sanitizers see the bounds.
template <class T>
requires std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>
class aligned_buffer {
public:
    static constexpr std::size_t alignment = 64;
    static_assert(alignof(T) <= alignment);

    aligned_buffer() = default;

    /// Throws errc::out_of_memory with the number of bytes.
    explicit aligned_buffer(std::size_t size) {
        if (size == 0) return;
        // calloc aligns to less than 64, so up to 63 bytes before the first value stay unused
        const auto bytes = (checked_size{size} * sizeof(T) + (alignment - 1)).value();
        if (bytes && *bytes <= PTRDIFF_MAX) memory_.reset(std::calloc(static_cast<std::size_t>(*bytes), 1));
        if (!memory_)
            throw error{errc::out_of_memory, "aligned_buffer",
                        std::to_string(size) + " values of " + std::to_string(sizeof(T)) + " bytes", "no memory"};
        const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
        const std::uintptr_t skipped = (alignment - address % alignment) % alignment;
        data_ = reinterpret_cast<T*>(static_cast<std::byte*>(memory_.get()) + skipped);
        size_ = size;
    }

    aligned_buffer(aligned_buffer&& other) noexcept
        : memory_(std::move(other.memory_)),
          data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    aligned_buffer& operator=(aligned_buffer&& other) noexcept {
        memory_ = std::move(other.memory_);
        data_ = std::exchange(other.data_, nullptr);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }
    aligned_buffer(const aligned_buffer&) = delete;
    aligned_buffer& operator=(const aligned_buffer&) = delete;
    ~aligned_buffer() = default;

    [[nodiscard]] T* data() noexcept { return data_; }
    [[nodiscard]] const T* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return data_[i]; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return data_[i]; }
    [[nodiscard]] T* begin() noexcept { return data_; }
    [[nodiscard]] T* end() noexcept { return data_ + size_; }
    [[nodiscard]] const T* begin() const noexcept { return data_; }
    [[nodiscard]] const T* end() const noexcept { return data_ + size_; }
    [[nodiscard]] std::span<T> span() noexcept { return {data_, size_}; }
    [[nodiscard]] std::span<const T> span() const noexcept { return {data_, size_}; }

private:
    struct release {
        void operator()(void* memory) const noexcept { std::free(memory); }
    };

    std::unique_ptr<void, release> memory_;
    T* data_ = nullptr;
    std::size_t size_ = 0;
};

NIBBLE_NAMESPACE_END
