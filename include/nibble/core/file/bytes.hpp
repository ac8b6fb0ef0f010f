// SPDX-License-Identifier: Apache-2.0
// What the systems' ways to open a file have in common: how it is asked for, what comes back, and the refusals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/path_text.hpp>

NIBBLE_NAMESPACE_BEGIN

/// How the bytes of a file become memory.
enum class file_access {
    /// Mapped: nothing is read before it is needed, and processes share what was read. A file that is replaced by
    /// rename stays as it was; one that is overwritten changes under the mapping, and one that is cut short faults on
    /// access (SIGBUS): the caller trusts the file not to do that. Windows lets no one cut short, replace or remove a
    /// file that is mapped, and refuses to open one that another program writes.
    map,
    /// Read as a whole into memory of its own: nothing that happens to the file later matters.
    copy,
};

namespace detail {

/// No file of more bytes than this is opened: less than any 64-bit address space, half of a 32-bit one.
inline constexpr std::uint64_t max_file_bytes = sizeof(void*) >= 8 ? std::uint64_t{1} << 46 : std::uint64_t{1} << 31;

/// All bytes of a file. Where there are some and no `copy`, they are mapped, and whoever has them unmaps them.
struct file_bytes {
    std::span<const std::byte> bytes;
    std::unique_ptr<std::byte[]> copy;
};

[[noreturn]] inline void throw_not_regular(const std::filesystem::path& path, std::string_view kind) {
    throw error{errc::io_not_regular, file_place(path), "a regular file", std::string{kind}};
}

/// Whether a file of this size has bytes at all; throws errc::io_too_large.
inline bool has_bytes(const std::filesystem::path& path, std::uint64_t size) {
    if (size > max_file_bytes)
        throw error{errc::io_too_large, file_place(path), "at most " + std::to_string(max_file_bytes) + " bytes",
                    std::to_string(size)};
    return size > 0;
}

/// A copy of a file of `size` bytes. `read(data, n)` reads up to n more bytes, n at most 2^30, and returns how many it
/// got, 0 at the end of the file.
template <class Read>
file_bytes copy_of(const std::filesystem::path& path, std::uint64_t size, const Read& read) {
    constexpr std::size_t most = std::size_t{1} << 30;  // what one call of any system reads
    file_bytes file;
    file.copy.reset(new (std::nothrow) std::byte[static_cast<std::size_t>(size)]);
    if (!file.copy) throw error{errc::out_of_memory, file_place(path), "memory for " + std::to_string(size) + " bytes"};
    const std::span memory{file.copy.get(), static_cast<std::size_t>(size)};
    for (std::size_t done = 0; done < memory.size();) {
        const std::size_t n = read(memory.data() + done, memory.size() - done < most ? memory.size() - done : most);
        if (n == 0)
            throw error{errc::io_read, file_place(path), std::to_string(size) + " bytes",
                        "only " + std::to_string(done)};
        done += n;
    }
    file.bytes = memory;
    return file;
}

}  // namespace detail
NIBBLE_NAMESPACE_END
