// SPDX-License-Identifier: Apache-2.0
// Paths as UTF-8 on every system. The narrow texts of std::filesystem are in the code page of Windows, which lacks most
// names.
#pragma once

#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A path as UTF-8; where names are bytes, as its bytes.
[[nodiscard]] inline std::string path_text(const std::filesystem::path& path) {
    try {
        const auto text = path.u8string();
        return {reinterpret_cast<const char*>(text.data()), text.size()};
    } catch (const std::exception&) {  // half of a surrogate pair, which Windows allows
        return "(a name that is not Unicode)";
    }
}

/// The path that UTF-8 names. What is not UTF-8 is kept where names are bytes, elsewhere std::filesystem's error.
[[nodiscard]] inline std::filesystem::path path_of(std::string_view utf8) {
    const auto* const begin = reinterpret_cast<const char8_t*>(utf8.data());
    return {begin, begin + utf8.size()};
}

/// "file 'PATH'", printable.
[[nodiscard]] inline std::string file_place(const std::filesystem::path& path) {
    return "file '" + escaped(path_text(path)) + "'";
}

NIBBLE_NAMESPACE_END
