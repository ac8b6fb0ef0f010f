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

[[noreturn]] inline void throw_system(errc code, const std::filesystem::path& path, int reason) {
    throw error{code, file_place(path), {}, std::generic_category().message(reason)};
}

inline void require_regular(const std::filesystem::path& path, ::mode_t mode) {
    if (S_ISREG(mode)) return;
    throw_not_regular(path, S_ISDIR(mode)    ? "a directory"
                            : S_ISFIFO(mode) ? "a pipe"
                            : S_ISSOCK(mode) ? "a socket"
                                             : "a device");
}

inline descriptor open_regular(const std::filesystem::path& path, struct ::stat& status) {
    if (path.native().find('\0') != std::string::npos)  // the system would open what stands before the NUL
        throw_system(errc::io_open, path, EINVAL);
    // Opening a device can have effects of its own, so what kind of file it is comes first, and again after opening
    // in case the name was replaced in between. O_NONBLOCK: a FIFO without writer must not hold us up.
    if (::stat(path.c_str(), &status) != 0) throw_system(errc::io_open, path, errno);
    require_regular(path, status.st_mode);
    descriptor file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
    if (file.get() < 0) throw_system(errc::io_open, path, errno);
    if (::fstat(file.get(), &status) != 0) throw_system(errc::io_read, path, errno);
    require_regular(path, status.st_mode);
    return file;
}

inline file_bytes copy_file(const std::filesystem::path& path, const descriptor& file, std::uint64_t size) {
    return copy_of(path, size, [&](std::byte* data, std::size_t n) {
        for (;;) {
            const auto got = ::read(file.get(), data, n);
            if (got >= 0) return static_cast<std::size_t>(got);
            if (errno != EINTR) throw_system(errc::io_read, path, errno);
        }
    });
}

#if defined(__wasi__)

inline file_bytes open_file(const std::filesystem::path& path, file_access) {
    struct ::stat status {};
    const descriptor file = open_regular(path, status);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    return has_bytes(path, size) ? copy_file(path, file, size) : file_bytes{};
}
inline void unmap(std::span<const std::byte>) noexcept {}
inline void read_ahead(std::span<const std::byte>) noexcept {}

#else

inline file_bytes open_file(const std::filesystem::path& path, file_access access) {
    struct ::stat status {};
    const descriptor file = open_regular(path, status);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (!has_bytes(path, size)) return {};
    if (access == file_access::copy) return copy_file(path, file, size);
    const auto n = static_cast<std::size_t>(size);
    void* const memory = ::mmap(nullptr, n, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (memory == MAP_FAILED) throw_system(errno == ENOMEM ? errc::io_too_large : errc::io_read, path, errno);
    return {{static_cast<const std::byte*>(memory), n}, {}};
}
inline void unmap(std::span<const std::byte> bytes) noexcept {
    ::munmap(const_cast<std::byte*>(bytes.data()), bytes.size());
}
inline void read_ahead(std::span<const std::byte> bytes) noexcept {
    ::madvise(const_cast<std::byte*>(bytes.data()), bytes.size(), MADV_WILLNEED);
}

#endif

}  // namespace detail
NIBBLE_NAMESPACE_END

#endif  // not _WIN32
