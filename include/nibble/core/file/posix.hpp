// SPDX-License-Identifier: Apache-2.0
// Files of POSIX systems, and of WebAssembly's WASI, which has no mappings: there every file is copied.
#pragma once

#if !defined(_WIN32)

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#if !defined(__wasi__)
#include <sys/mman.h>
#endif

#include <nibble/core/config.hpp>
#include <nibble/core/file/bytes.hpp>
#include <nibble/core/path_text.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Closes a file descriptor.
class descriptor {
public:
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    descriptor& operator=(descriptor&&) = delete;
    ~descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

[[noreturn]] inline void throw_system(errc code, const std::string& place, int reason) {
    throw error{code, place, {}, std::generic_category().message(reason)};
}

inline void require_regular(const std::string& place, ::mode_t mode) {
    if (S_ISREG(mode)) return;
    throw_not_regular(place, S_ISDIR(mode)    ? "a directory"
                             : S_ISFIFO(mode) ? "a pipe"
                             : S_ISSOCK(mode) ? "a socket"
                                              : "a device");
}

inline descriptor open_regular(const std::filesystem::path& path, const std::string& place) {
    if (path.native().find('\0') != std::string::npos)  // the system would open what stands before the NUL
        throw_system(errc::io_open, place, EINVAL);
    // Opening a device can have effects of its own, so what kind of file it is comes first, and again after opening
    // in case the name was replaced in between. O_NONBLOCK: a FIFO without writer must not hold us up.
    struct ::stat status {};
    if (::stat(path.c_str(), &status) != 0) throw_system(errc::io_open, place, errno);
    require_regular(place, status.st_mode);
    descriptor file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
    if (file.get() < 0) throw_system(errc::io_open, place, errno);
    return file;
}

/// Asks the system to make fresh memory of large pages; a hint, never an error.
inline void prefer_large_pages([[maybe_unused]] std::span<std::byte> memory) noexcept {
#if defined(MADV_HUGEPAGE)
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t lead = (page - reinterpret_cast<std::uintptr_t>(memory.data()) % page) % page;
    if (lead < memory.size()) ::madvise(memory.data() + lead, memory.size() - lead, MADV_HUGEPAGE);
#endif
}

inline file_bytes copy_file(const std::string& place, int file, const part_of_file& part) {
    return copy_of(place, part, prefer_large_pages, [&](std::byte* data, std::size_t n, std::uint64_t offset) {
        for (;;) {
            const auto got = ::pread(file, data, n, static_cast<::off_t>(offset));
            if (got >= 0) return static_cast<std::size_t>(got);
            if (errno != EINTR) throw_system(errc::io_read, place, errno);
        }
    });
}

#if defined(__wasi__)

inline file_bytes map_file(const std::string& place, int file, const part_of_file& part) {
    return copy_file(place, file, part);
}
inline void unmap(std::span<const std::byte>) noexcept {}
inline void read_ahead(std::span<const std::byte>) noexcept {}

#else

inline file_bytes map_file(const std::string& place, int file, const part_of_file& part) {
    const auto where = mapping_of(part, static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    void* const memory = ::mmap(nullptr, where.length, PROT_READ, MAP_PRIVATE, file, static_cast<::off_t>(where.begin));
    if (memory == MAP_FAILED) throw_system(errno == ENOMEM ? errc::io_too_large : errc::io_read, place, errno);
    return mapped(memory, where);
}
inline void unmap(std::span<const std::byte> mapping) noexcept {
    ::munmap(const_cast<std::byte*>(mapping.data()), mapping.size());
}
inline void read_ahead(std::span<const std::byte> mapping) noexcept {
    ::madvise(const_cast<std::byte*>(mapping.data()), mapping.size(), MADV_WILLNEED);
}

#endif

inline std::string place_of(const file_range& range) { return "file descriptor " + std::to_string(range.descriptor); }

inline file_bytes open_range(const std::string& place, const file_range& range, file_access access) {
    struct ::stat status {};
    if (::fstat(range.descriptor, &status) != 0) throw_system(errc::io_open, place, errno);
    require_regular(place, status.st_mode);
    const auto part = part_of(place, range, static_cast<std::uint64_t>(status.st_size));
    if (part.length == 0) return {};
    return access == file_access::copy ? copy_file(place, range.descriptor, part)
                                       : map_file(place, range.descriptor, part);
}

inline file_bytes open_file(const std::filesystem::path& path, file_access access) {
    const std::string place = file_place(path);
    const descriptor file = open_regular(path, place);
    return open_range(place, {.descriptor = file.get()}, access);
}

}  // namespace detail
NIBBLE_NAMESPACE_END

#endif  // not _WIN32
