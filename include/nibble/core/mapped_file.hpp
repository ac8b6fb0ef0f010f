// SPDX-License-Identifier: Apache-2.0
// A regular file as read-only memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/core/file/bytes.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A whole regular file, read-only. Move-only; the address of the bytes survives a move. An empty file gives an empty
/// span.
class mapped_file {
public:
    static constexpr std::uint64_t max_bytes = detail::max_file_bytes;

    mapped_file() = default;

    /// Throws errc::io_open (with the system's reason), io_not_regular (directory, FIFO, socket, device: refused
    /// without blocking), io_too_large, io_read or, for a copy, out_of_memory. Systems without mappings (WASI) copy.
    [[nodiscard]] static mapped_file open(const std::filesystem::path& path, file_access access = file_access::map);

    mapped_file(mapped_file&& other) noexcept { swap(other); }
    mapped_file& operator=(mapped_file&& other) noexcept;
    mapped_file(const mapped_file&) = delete;
    mapped_file& operator=(const mapped_file&) = delete;
    ~mapped_file();

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return file_.bytes; }

    /// Asks the system to start reading the file into memory; a hint, never an error.
    void advise_will_need() const noexcept;

private:
    [[nodiscard]] bool is_mapped() const noexcept { return !file_.bytes.empty() && !file_.copy; }

    void swap(mapped_file& other) noexcept;

    detail::file_bytes file_;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/core/mapped_file_impl.hpp>
#endif
