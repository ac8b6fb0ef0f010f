// SPDX-License-Identifier: Apache-2.0
// Definitions of core/mapped_file.hpp: by the ways of the system.
#pragma once

#include <filesystem>
#include <utility>

#include <nibble/core/file/posix.hpp>
#include <nibble/core/file/windows.hpp>
#include <nibble/core/mapped_file.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION mapped_file mapped_file::open(const std::filesystem::path& path, file_access access) {
    mapped_file result;
    result.file_ = detail::open_file(path, access);
    return result;
}

NIBBLE_FUNCTION mapped_file& mapped_file::operator=(mapped_file&& other) noexcept {
    mapped_file taken{std::move(other)};
    swap(taken);
    return *this;
}

NIBBLE_FUNCTION mapped_file::~mapped_file() {
    if (is_mapped()) detail::unmap(file_.bytes);
}

NIBBLE_FUNCTION void mapped_file::advise_will_need() const noexcept {
    if (is_mapped()) detail::read_ahead(file_.bytes);
}

NIBBLE_FUNCTION void mapped_file::swap(mapped_file& other) noexcept {
    std::swap(file_.bytes, other.file_.bytes);
    std::swap(file_.copy, other.file_.copy);
}

NIBBLE_NAMESPACE_END
