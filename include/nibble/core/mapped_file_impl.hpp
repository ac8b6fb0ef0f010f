// SPDX-License-Identifier: Apache-2.0
// Definitions of core/mapped_file.hpp: by the ways of the system.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
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

NIBBLE_FUNCTION mapped_file mapped_file::open(const file_range& range, file_access access) {
    mapped_file result;
    result.file_ = detail::open_range(place_of(range), range, access);
    return result;
}

NIBBLE_FUNCTION mapped_file mapped_file::of(std::shared_ptr<const std::byte[]> bytes, std::size_t size) noexcept {
    mapped_file result;
    result.file_.bytes = {bytes.get(), bytes ? size : 0};
    result.file_.owner = std::move(bytes);
    return result;
}

NIBBLE_FUNCTION std::string mapped_file::place_of(const file_range& range) { return detail::place_of(range); }

NIBBLE_FUNCTION mapped_file& mapped_file::operator=(mapped_file&& other) noexcept {
    mapped_file taken{std::move(other)};
    swap(taken);
    return *this;
}

NIBBLE_FUNCTION mapped_file::~mapped_file() {
    if (!file_.mapping.empty()) detail::unmap(file_.mapping);
}

NIBBLE_FUNCTION void mapped_file::advise_will_need() const noexcept {
    if (!file_.mapping.empty()) detail::read_ahead(file_.mapping);
}

NIBBLE_FUNCTION void mapped_file::swap(mapped_file& other) noexcept { std::swap(file_, other.file_); }

NIBBLE_NAMESPACE_END
