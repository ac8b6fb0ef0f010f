// SPDX-License-Identifier: Apache-2.0
// Asks the system for bytes of a file before they are read: a model may be larger than the memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <nibble/core/config.hpp>

#if defined(__linux__) || defined(__APPLE__)
#define NIBBLE_HAS_MINCORE 1
#include <sys/mman.h>
#include <unistd.h>
#else
#define NIBBLE_HAS_MINCORE 0
#endif

NIBBLE_NAMESPACE_BEGIN

#if NIBBLE_HAS_MINCORE

namespace detail {

[[nodiscard]] inline std::size_t page_size() noexcept { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

/// Where the page of a byte begins.
[[nodiscard]] inline std::byte* page_of(const std::byte* byte) noexcept {
    return const_cast<std::byte*>(byte) - reinterpret_cast<std::uintptr_t>(byte) % page_size();
}

}  // namespace detail

/// Whether the page of a byte, of a mapped file or any other, can be read without waiting for the disk. Takes a
/// microsecond. True where the system does not say: Linux does for files that this process may write, or owns.
[[nodiscard]] inline bool is_in_memory(const std::byte* byte) noexcept {
#if defined(__APPLE__)
    char state = 0;
#else
    unsigned char state = 0;
#endif
    return ::mincore(detail::page_of(byte), 1, &state) != 0 || (state & 1) != 0;
}

/// Gives the disk all of these bytes to read, and returns: five times as fast as one page fault after the other. A
/// hint, which never fails.
inline void fetch_ahead(std::span<const std::byte> bytes) noexcept {
    // Linux reads no more of a call than what is the read-ahead of the device, often 128 KB.
    constexpr std::size_t piece = 131072;
    const std::byte* const end = bytes.data() + bytes.size();
    for (std::byte* at = detail::page_of(bytes.data()); at < end; at += piece)
        ::madvise(at, std::min(piece, static_cast<std::size_t>(end - at)), MADV_WILLNEED);
}

#else  // Windows, WebAssembly: the system cannot be asked

[[nodiscard]] inline bool is_in_memory(const std::byte*) noexcept { return true; }
inline void fetch_ahead(std::span<const std::byte>) noexcept {}

#endif

NIBBLE_NAMESPACE_END
