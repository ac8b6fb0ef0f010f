// SPDX-License-Identifier: Apache-2.0
// Files of Windows.
#pragma once

#if defined(_WIN32)

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>

#include <nibble/core/config.hpp>
#include <nibble/core/file/bytes.hpp>
#include <nibble/core/path_text.hpp>
#include <nibble/core/windows.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Closes a handle.
class handle {
public:
    explicit handle(HANDLE value) noexcept : value_(value) {}
    handle(const handle&) = delete;
    handle& operator=(const handle&) = delete;
    ~handle() {
        if (is_open()) ::CloseHandle(value_);
    }
    [[nodiscard]] bool is_open() const noexcept { return value_ != nullptr && value_ != INVALID_HANDLE_VALUE; }
    [[nodiscard]] HANDLE get() const noexcept { return value_; }

private:
    HANDLE value_;
};

/// What the system says of its last call: in the words of the C library, which are the same in every country, where it
/// has some.
[[noreturn]] inline void throw_system(errc code, const std::string& place, DWORD reason) {
    const std::error_code given{static_cast<int>(reason), std::system_category()};
    const std::error_condition known = given.default_error_condition();
    throw error{code,
                place,
                {},
                reason == ERROR_SHARING_VIOLATION             ? "another program is using it"
                : known.category() == std::generic_category() ? known.message()
                                                              : given.message()};
}

/// The path; a long one in the form without which none may have more than 260 characters, absolute and taken as it is.
inline std::wstring long_path(const std::filesystem::path& path) {
    if (path.native().starts_with(LR"(\\?\)")) return path.native();
    std::error_code ignored;
    const std::wstring whole = std::filesystem::absolute(path, ignored).lexically_normal().make_preferred().native();
    if (whole.size() < MAX_PATH - 12) return path.native();
    return whole.starts_with(LR"(\\)") ? LR"(\\?\UNC)" + whole.substr(1) : LR"(\\?\)" + whole;
}

inline void require_regular(const std::string& place, HANDLE file) {
    const DWORD type = ::GetFileType(file);
    if (type == FILE_TYPE_UNKNOWN) throw_system(errc::io_open, place, ::GetLastError());
    if (type != FILE_TYPE_DISK) throw_not_regular(place, type == FILE_TYPE_PIPE ? "a pipe" : "a device");
    BY_HANDLE_FILE_INFORMATION about{};
    if (!::GetFileInformationByHandle(file, &about)) throw_system(errc::io_read, place, ::GetLastError());
    if ((about.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) throw_not_regular(place, "a directory");
}

inline file_bytes copy_file(const std::string& place, HANDLE file, const part_of_file& part) {
    const auto as_it_is = [](std::span<std::byte>) {};  // large pages take a privilege
    return copy_of(place, part, as_it_is, [&](std::byte* data, std::size_t n, std::uint64_t offset) {
        OVERLAPPED where{};
        where.Offset = static_cast<DWORD>(offset);
        where.OffsetHigh = static_cast<DWORD>(offset >> 32);
        DWORD got = 0;
        const bool read = ::ReadFile(file, data, static_cast<DWORD>(n), &got, &where) ||
                          (::GetLastError() == ERROR_IO_PENDING && ::GetOverlappedResult(file, &where, &got, TRUE));
        if (!read && ::GetLastError() != ERROR_HANDLE_EOF) throw_system(errc::io_read, place, ::GetLastError());
        return static_cast<std::size_t>(got);
    });
}

inline file_bytes map_file(const std::string& place, HANDLE file, const part_of_file& part) {
    SYSTEM_INFO system{};
    ::GetSystemInfo(&system);
    const auto where = mapping_of(part, system.dwAllocationGranularity);
    // The view holds the mapping, and the mapping the file, when their handles are closed.
    const handle mapping{::CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr)};
    if (!mapping.is_open()) throw_system(errc::io_read, place, ::GetLastError());
    const void* const memory = ::MapViewOfFile(mapping.get(), FILE_MAP_READ, static_cast<DWORD>(where.begin >> 32),
                                               static_cast<DWORD>(where.begin), where.length);
    if (!memory) throw_system(errc::io_too_large, place, ::GetLastError());
    return mapped(memory, where);
}

inline std::string place_of(const file_range&) { return "file handle"; }

inline file_bytes open_range(const std::string& place, const file_range& range, file_access access) {
    require_regular(place, range.handle);
    LARGE_INTEGER size{};
    if (!::GetFileSizeEx(range.handle, &size)) throw_system(errc::io_read, place, ::GetLastError());
    const auto part = part_of(place, range, static_cast<std::uint64_t>(size.QuadPart));
    if (part.length == 0) return {};
    return access == file_access::copy ? copy_file(place, range.handle, part) : map_file(place, range.handle, part);
}

inline file_bytes open_file(const std::filesystem::path& path, file_access access) {
    const std::string place = file_place(path);
    if (path.empty() || path.native().find(L'\0') != std::wstring::npos)
        throw_system(errc::io_open, place, ERROR_PATH_NOT_FOUND);
    // Shared with who reads, renames or removes it, not with who writes. BACKUP_SEMANTICS: directories open, too, and
    // are refused as what they are.
    const handle file{::CreateFileW(long_path(path).c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr,
                                    OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr)};
    if (!file.is_open()) throw_system(errc::io_open, place, ::GetLastError());
    return open_range(place, {.handle = file.get()}, access);
}

inline void unmap(std::span<const std::byte> mapping) noexcept { ::UnmapViewOfFile(mapping.data()); }

inline void read_ahead([[maybe_unused]] std::span<const std::byte> mapping) noexcept {
#if _WIN32_WINNT >= 0x0602
    WIN32_MEMORY_RANGE_ENTRY range{const_cast<std::byte*>(mapping.data()), mapping.size()};
    ::PrefetchVirtualMemory(::GetCurrentProcess(), 1, &range, 0);
#endif
}

}  // namespace detail
NIBBLE_NAMESPACE_END

#endif  // _WIN32
