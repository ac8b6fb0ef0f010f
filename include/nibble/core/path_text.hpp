// SPDX-License-Identifier: Apache-2.0
// Paths as UTF-8 on every system. The narrow texts of std::filesystem are in the code page of Windows, which lacks most
// names.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A path as UTF-8; where names are bytes, as its bytes.
[[nodiscard]] NIBBLE_FUNCTION std::string path_text(const std::filesystem::path& path);

/// The path that UTF-8 names. What is not UTF-8 is kept where names are bytes, elsewhere errc::io_open.
[[nodiscard]] NIBBLE_FUNCTION std::filesystem::path path_of(std::string_view utf8);

/// "file 'PATH'", printable.
[[nodiscard]] NIBBLE_FUNCTION std::string file_place(const std::filesystem::path& path);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/core/path_text_impl.hpp>
#endif
