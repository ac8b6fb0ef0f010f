// SPDX-License-Identifier: Apache-2.0
// A regular file as read-only memory.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>

#if defined(__unix__) || defined(__APPLE__)
#define NIBBLE_HAS_MMAP 1
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#define NIBBLE_HAS_MMAP 0
#include <fstream>
#endif

NIBBLE_NAMESPACE_BEGIN

/// How the bytes of a file become memory.
enum class file_access {
    /// Mapped: nothing is read before it is needed, and processes share what was read. A file that is replaced by
    /// rename stays as it was; one that is overwritten changes under the mapping, and one that is cut short faults on
    /// access (SIGBUS): the caller trusts the file not to do that.
    map,
    /// Read as a whole into memory of its own: nothing that happens to the file later matters.
    copy,
};

/// A whole regular file, read-only. Move-only; the address of the bytes survives a move. An empty file gives an empty
/// span. Systems without mmap always copy.
class mapped_file {
public:
    /// No file of more bytes than this is mapped: less than any 64-bit address space, half of a 32-bit one.
    static constexpr std::uint64_t max_bytes = sizeof(void*) >= 8 ? std::uint64_t{1} << 46 : std::uint64_t{1} << 31;

    mapped_file() = default;

    /// Throws errc::io_open (with the system's reason), io_not_regular (directory, FIFO, socket, device: refused
    /// without blocking), io_too_large, io_read or, for a copy, out_of_memory.
    [[nodiscard]] static mapped_file open(const std::filesystem::path& path, file_access access = file_access::map);

    mapped_file(mapped_file&& other) noexcept { swap(other); }
    mapped_file& operator=(mapped_file&& other) noexcept {
        mapped_file taken{std::move(other)};
        swap(taken);
        return *this;
    }
    mapped_file(const mapped_file&) = delete;
    mapped_file& operator=(const mapped_file&) = delete;
#if NIBBLE_HAS_MMAP
    ~mapped_file() {
        if (!bytes_.empty() && !copy_) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
    }
#else
    ~mapped_file() = default;
#endif

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

    /// Asks the system to start reading the file into memory; a hint, never an error.
    void advise_will_need() const noexcept {
#if NIBBLE_HAS_MMAP
        if (!bytes_.empty() && !copy_) ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_WILLNEED);
#endif
    }

private:
    void swap(mapped_file& other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(copy_, other.copy_);
    }

    std::span<const std::byte> bytes_;
    std::unique_ptr<std::byte[]> copy_;  // owns bytes_, or is empty: then they are mapped
};

namespace detail {

/// "file 'PATH'", printable.
[[nodiscard]] inline std::string file_place(const std::filesystem::path& path) {
    return "file '" + escaped(path.string()) + "'";
}

[[noreturn]] inline void throw_too_large(const std::filesystem::path& path, std::uint64_t size) {
    throw error{errc::io_too_large, file_place(path), "at most " + std::to_string(mapped_file::max_bytes) + " bytes",
                std::to_string(size)};
}

/// Memory for a file of this size.
[[nodiscard]] inline std::unique_ptr<std::byte[]> memory_for(const std::filesystem::path& path, std::uint64_t size) {
    std::unique_ptr<std::byte[]> memory{new (std::nothrow) std::byte[static_cast<std::size_t>(size)]};
    if (!memory) throw error{errc::out_of_memory, file_place(path), "memory for " + std::to_string(size) + " bytes"};
    return memory;
}

[[noreturn]] inline void throw_cut_short(const std::filesystem::path& path, std::uint64_t size, std::uint64_t got) {
    throw error{errc::io_read, file_place(path), std::to_string(size) + " bytes", "only " + std::to_string(got)};
}

}  // namespace detail

#if NIBBLE_HAS_MMAP

namespace detail {

/// Closes a file descriptor.
class descriptor {
public:
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

[[noreturn]] inline void throw_system(errc code, const std::filesystem::path& path, int reason) {
    throw error{code, file_place(path), {}, std::generic_category().message(reason)};
}

inline void require_regular(const std::filesystem::path& path, ::mode_t mode) {
    if (S_ISREG(mode)) return;
    const std::string_view kind = S_ISDIR(mode)    ? "a directory"
                                  : S_ISFIFO(mode) ? "a pipe"
                                  : S_ISSOCK(mode) ? "a socket"
                                                   : "a device";
    throw error{errc::io_not_regular, file_place(path), "a regular file", std::string{kind}};
}

/// Fills memory with the first bytes of a file.
inline void read_all(const std::filesystem::path& path, const descriptor& fd, std::span<std::byte> memory) {
    constexpr std::size_t most = std::size_t{1} << 30;  // one call reads less than 2 GiB
    for (std::size_t done = 0; done < memory.size();) {
        const auto n = ::read(fd.get(), memory.data() + done, std::min(memory.size() - done, most));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw_system(errc::io_read, path, errno);
        if (n == 0) throw_cut_short(path, memory.size(), done);
        done += static_cast<std::size_t>(n);
    }
}

}  // namespace detail

inline mapped_file mapped_file::open(const std::filesystem::path& path, file_access access) {
    if (path.native().find('\0') != std::string::npos)  // the system would open what stands before the NUL
        detail::throw_system(errc::io_open, path, EINVAL);
    struct ::stat status {};
    // Opening a device can have effects of its own, so what kind of file it is comes first, and again after opening
    // in case the name was replaced in between. O_NONBLOCK: a FIFO without writer must not hold us up.
    if (::stat(path.c_str(), &status) != 0) detail::throw_system(errc::io_open, path, errno);
    detail::require_regular(path, status.st_mode);
    const detail::descriptor fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
    if (fd.get() < 0) detail::throw_system(errc::io_open, path, errno);
    if (::fstat(fd.get(), &status) != 0) detail::throw_system(errc::io_read, path, errno);
    detail::require_regular(path, status.st_mode);

    const auto size = static_cast<std::uint64_t>(status.st_size);
    mapped_file result;
    if (size == 0) return result;
    if (size > max_bytes) detail::throw_too_large(path, size);
    if (access == file_access::copy) {
        result.copy_ = detail::memory_for(path, size);
        const std::span memory{result.copy_.get(), static_cast<std::size_t>(size)};
        detail::read_all(path, fd, memory);
        result.bytes_ = memory;
        return result;
    }
    void* const memory = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (memory == MAP_FAILED) detail::throw_system(errno == ENOMEM ? errc::io_too_large : errc::io_read, path, errno);
    result.bytes_ = {static_cast<const std::byte*>(memory), static_cast<std::size_t>(size)};
    return result;
}

#else

inline mapped_file mapped_file::open(const std::filesystem::path& path, file_access) {
    std::error_code reason;
    const auto status = std::filesystem::status(path, reason);
    if (!std::filesystem::exists(status))
        throw error{errc::io_open, detail::file_place(path), {}, reason ? reason.message() : "not found"};
    if (!std::filesystem::is_regular_file(status))
        throw error{errc::io_not_regular, detail::file_place(path), "a regular file", "something else"};
    const std::uintmax_t size = std::filesystem::file_size(path, reason);
    if (reason) throw error{errc::io_read, detail::file_place(path), {}, reason.message()};
    if (size > max_bytes) detail::throw_too_large(path, size);
    std::ifstream stream{path, std::ios::binary};
    if (!stream) throw error{errc::io_open, detail::file_place(path), {}, "cannot open"};
    mapped_file result;
    if (size == 0) return result;
    result.copy_ = detail::memory_for(path, size);
    stream.read(reinterpret_cast<char*>(result.copy_.get()), static_cast<std::streamsize>(size));
    const auto got = static_cast<std::uint64_t>(stream.gcount());
    if (got != size) detail::throw_cut_short(path, size, got);
    result.bytes_ = {result.copy_.get(), static_cast<std::size_t>(size)};
    return result;
}

#endif

NIBBLE_NAMESPACE_END
