// SPDX-License-Identifier: Apache-2.0
// A regular file as read-only memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include <nibble/core/config.hpp>
#include <nibble/core/file/bytes.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A regular file or part of one, or memory that stands for a file; read-only. Move-only; the address of the bytes
/// survives a move. An empty file gives an empty span.
class mapped_file {
public:
    static constexpr std::uint64_t max_bytes = detail::max_file_bytes;

    mapped_file() = default;

    /// Throws errc::io_open (with the system's reason), io_not_regular (directory, FIFO, socket, device: refused
    /// without blocking), io_too_large, io_read or, for a copy, out_of_memory. Systems without mappings (WASI) copy.
    [[nodiscard]] static mapped_file open(const std::filesystem::path& path, file_access access = file_access::map);

    /// The same of a file that is open; errc::io_read, too, for a range that is not in it. Nothing is copied, whatever
    /// the offset, but for file_access::copy: the mapping begins up to a page earlier.
    [[nodiscard]] static mapped_file open(const file_range& range, file_access access = file_access::map);

    /// Memory in the place of a file: `size` bytes, which nobody changes while somebody has them. What owns other
    /// memory can own these bytes, too: `std::shared_ptr<const std::byte[]>{package, package->data() + offset}`.
    [[nodiscard]] static mapped_file of(std::shared_ptr<const std::byte[]> bytes, std::size_t size) noexcept;

    /// How errors name such a file: "file descriptor 3".
    [[nodiscard]] static std::string place_of(const file_range& range);

    mapped_file(mapped_file&& other) noexcept { swap(other); }
    mapped_file& operator=(mapped_file&& other) noexcept;
    mapped_file(const mapped_file&) = delete;
    mapped_file& operator=(const mapped_file&) = delete;
    ~mapped_file();

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return file_.bytes; }

    /// Asks the system to start reading the file into memory; a hint, never an error.
    void advise_will_need() const noexcept;

private:
    void swap(mapped_file& other) noexcept;

    detail::file_bytes file_;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/core/mapped_file_impl.hpp>
#endif
