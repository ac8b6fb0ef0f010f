// SPDX-License-Identifier: Apache-2.0
// A file that a test has open, by what its system calls it: a descriptor or a handle.
#pragma once

#include <cstdint>
#include <filesystem>

#include <nibble/core/file/posix.hpp>
#include <nibble/core/file/windows.hpp>
#include <nibble/core/mapped_file.hpp>

#include "support/posix.hpp"

namespace nibble::test {

#if defined(_WIN32)
class held_file {
public:
    explicit held_file(const std::filesystem::path& path)
        : file_(::CreateFileW(path.c_str(), GENERIC_READ, FILE_SHARE_READ, nullptr, OPEN_EXISTING,
                              FILE_ATTRIBUTE_NORMAL, nullptr)) {}
    [[nodiscard]] file_range range(std::uint64_t offset = 0, std::uint64_t length = file_range::to_the_end) const {
        return {.handle = file_.get(), .offset = offset, .length = length};
    }

private:
    detail::handle file_;
};
#else
class held_file {
public:
    explicit held_file(const std::filesystem::path& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    [[nodiscard]] file_range range(std::uint64_t offset = 0, std::uint64_t length = file_range::to_the_end) const {
        return {.descriptor = file_.get(), .offset = offset, .length = length};
    }

private:
    detail::descriptor file_;
};
#endif

}  // namespace nibble::test
