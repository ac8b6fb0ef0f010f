// SPDX-License-Identifier: Apache-2.0
// A regular file as read-only memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <nibble/core/config.hpp>
#include <nibble/core/file/bytes.hpp>
#include <nibble/core/file/posix.hpp>
#include <nibble/core/file/windows.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A regular file or part of one, or memory that stands for a file; read-only. Move-only; the address of the bytes
/// survives a move. An empty file gives an empty span.
class mapped_file {
public:
    static constexpr std::uint64_t max_bytes = detail::max_file_bytes;

    mapped_file() = default;

    /// Throws errc::io_open (with the system's reason), io_not_regular (directory, FIFO, socket, device: refused
    /// without blocking), io_too_large, io_read or, for a copy, out_of_memory. Systems without mappings (WASI) copy.
    [[nodiscard]] static mapped_file open(const std::filesystem::path& path, file_access access = file_access::map) {
        mapped_file result;
        result.file_ = detail::open_file(path, access);
        return result;
    }

    /// The same of a file that is open; errc::io_read, too, for a range that is not in it. Nothing is copied, whatever
    /// the offset, but for file_access::copy: the mapping begins up to a page earlier.
    [[nodiscard]] static mapped_file open(const file_range& range, file_access access = file_access::map) {
        mapped_file result;
        result.file_ = detail::open_range(place_of(range), range, access);
        return result;
    }

    /// Memory in the place of a file: `size` bytes, which nobody changes while somebody has them. What owns other
    /// memory can own these bytes, too: `std::shared_ptr<const std::byte[]>{package, package->data() + offset}`.
    [[nodiscard]] static mapped_file of(std::shared_ptr<const std::byte[]> bytes, std::size_t size) noexcept {
        mapped_file result;
        result.file_.bytes = {bytes.get(), bytes ? size : 0};
        result.file_.owner = std::move(bytes);
        return result;
    }

    /// How errors name such a file: "file descriptor 3".
    [[nodiscard]] static std::string place_of(const file_range& range) { return detail::place_of(range); }

    mapped_file(mapped_file&& other) noexcept { swap(other); }
    mapped_file& operator=(mapped_file&& other) noexcept {
        mapped_file taken{std::move(other)};
        swap(taken);
        return *this;
    }
    mapped_file(const mapped_file&) = delete;
    mapped_file& operator=(const mapped_file&) = delete;
    ~mapped_file() {
        if (!file_.mapping.empty()) detail::unmap(file_.mapping);
    }

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return file_.bytes; }

    /// Asks the system to start reading the file into memory; a hint, never an error.
    void advise_will_need() const noexcept {
        if (!file_.mapping.empty()) detail::read_ahead(file_.mapping);
    }

private:
    void swap(mapped_file& other) noexcept { std::swap(file_, other.file_); }

    detail::file_bytes file_;
};

NIBBLE_NAMESPACE_END
