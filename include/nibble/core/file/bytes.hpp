// SPDX-License-Identifier: Apache-2.0
// What the systems' ways to open a file have in common: how it is asked for, what comes back, and the refusals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>

NIBBLE_NAMESPACE_BEGIN

/// How the bytes of a file become memory.
enum class file_access {
    /// Mapped: nothing is read before it is needed, and processes share what was read. A file that is replaced by
    /// rename stays as it was; one that is overwritten changes under the mapping, and one that is cut short faults on
    /// access (SIGBUS): the caller trusts the file not to do that. Windows lets no one cut short, replace or remove a
    /// file that is mapped, and refuses to open one that another program writes.
    map,
    /// Read as a whole into memory of its own: nothing that happens to the file later matters. Linux is asked for large
    /// pages, with which a virtual machine may read it much faster than a mapping.
    copy,
};

/// Bytes of a file that is open already: a model inside a package, or one that another process has opened. The file
/// stays the caller's, who may close it as soon as it has been opened from.
struct file_range {
    static constexpr std::uint64_t to_the_end = std::numeric_limits<std::uint64_t>::max();

#if defined(_WIN32)
    void* handle;  ///< a HANDLE with GENERIC_READ; a copy moves its position
#else
    int descriptor;  ///< open for reading; its position is neither used nor moved
#endif
    std::uint64_t offset = 0;  ///< of the first byte; any
    std::uint64_t length = to_the_end;
};

namespace detail {

/// No file of more bytes than this is opened: less than any 64-bit address space, half of a 32-bit one.
inline constexpr std::uint64_t max_file_bytes = sizeof(void*) >= 8 ? std::uint64_t{1} << 46 : std::uint64_t{1} << 31;

/// Bytes of a file, and what keeps them: a mapping, which whoever has it unmaps, or an owner of memory.
struct file_bytes {
    std::span<const std::byte> bytes;
    std::span<const std::byte> mapping = {};  ///< contains `bytes`
    std::shared_ptr<const std::byte[]> owner = {};
};

/// Where errors are, "file 'PATH'" or "file descriptor 3", is `place` from here on.
[[noreturn]] inline void throw_not_regular(const std::string& place, std::string_view kind) {
    throw error{errc::io_not_regular, place, "a regular file", std::string{kind}};
}

/// The bytes that a range has of a file of `size`; throws errc::io_read where it ends behind the file, io_too_large.
struct part_of_file {
    std::uint64_t offset, length;
};
inline part_of_file part_of(const std::string& place, const file_range& range, std::uint64_t size) {
    if (range.offset > size)
        throw error{errc::io_read, place, "an offset of at most " + std::to_string(size) + ", the size of the file",
                    std::to_string(range.offset)};
    const std::uint64_t rest = size - range.offset;
    const std::uint64_t length = range.length == file_range::to_the_end ? rest : range.length;
    if (length > rest)
        throw error{errc::io_read, place,
                    "at most " + std::to_string(rest) + " bytes behind offset " + std::to_string(range.offset),
                    std::to_string(length)};
    if (length > max_file_bytes)
        throw error{errc::io_too_large, place, "at most " + std::to_string(max_file_bytes) + " bytes",
                    std::to_string(length)};
    return {range.offset, length};
}

/// Memory for a copy: uninitialised, and where it is large aligned so that large pages fit. Null: there is none.
inline std::shared_ptr<std::byte[]> memory_for_copy(std::size_t size) {
    constexpr std::size_t large_page = std::size_t{2} << 20;
    const std::align_val_t alignment{size < 2 * large_page ? 64 : large_page};
    auto* const memory = static_cast<std::byte*>(::operator new[](size, alignment, std::nothrow));
    if (!memory) return nullptr;
    return {memory, [alignment](std::byte* taken) { ::operator delete[](taken, alignment); }};
}

/// A copy of part of a file, in memory that `prepare(span)` sees before it is used. `read(data, n, offset)` reads up to
/// n bytes from `offset` on, n at most 2^30, and returns how many it got, 0 at the end of the file.
template <class Prepare, class Read>
file_bytes copy_of(const std::string& place, const part_of_file& part, const Prepare& prepare, const Read& read) {
    constexpr std::size_t most = std::size_t{1} << 30;  // what one call of any system reads
    const auto size = static_cast<std::size_t>(part.length);
    auto memory = memory_for_copy(size);
    if (!memory) throw error{errc::out_of_memory, place, "memory for " + std::to_string(size) + " bytes"};
    prepare(std::span{memory.get(), size});
    for (std::size_t done = 0; done < size;) {
        const std::size_t n = read(memory.get() + done, size - done < most ? size - done : most, part.offset + done);
        if (n == 0) throw error{errc::io_read, place, std::to_string(size) + " bytes", "only " + std::to_string(done)};
        done += n;
    }
    const std::span<const std::byte> bytes{memory.get(), size};
    return {bytes, {}, std::move(memory)};
}

/// What is to be mapped so that `part` is in it: a mapping begins at a multiple of `grain` bytes.
struct mapped_part {
    std::uint64_t begin;
    std::size_t lead, length;  ///< bytes of the mapping before the part, and all of them
};
inline mapped_part mapping_of(const part_of_file& part, std::uint64_t grain) noexcept {
    const std::uint64_t lead = part.offset % grain;
    return {part.offset - lead, static_cast<std::size_t>(lead), static_cast<std::size_t>(lead + part.length)};
}
inline file_bytes mapped(const void* memory, const mapped_part& where) noexcept {
    const std::span mapping{static_cast<const std::byte*>(memory), where.length};
    return {mapping.subspan(where.lead), mapping, {}};
}

}  // namespace detail
NIBBLE_NAMESPACE_END
