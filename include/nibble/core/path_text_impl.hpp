// SPDX-License-Identifier: Apache-2.0
// Definitions of core/path_text.hpp: UTF-8 to paths and back.
#pragma once

#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <nibble/core/error.hpp>
#include <nibble/core/path_text.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION std::string path_text(const std::filesystem::path& path) {
    try {
        const auto text = path.u8string();
        return {reinterpret_cast<const char*>(text.data()), text.size()};
    } catch (const std::exception&) {  // half of a surrogate pair, which Windows allows
        return "(a name that is not Unicode)";
    }
}

NIBBLE_FUNCTION std::filesystem::path path_of(std::string_view utf8) try {
    const auto* const begin = reinterpret_cast<const char8_t*>(utf8.data());
    return {begin, begin + utf8.size()};
} catch (const std::system_error&) {
    throw error{errc::io_open, "file '" + escaped(utf8) + "'", "a name in UTF-8", "other bytes"};
}

NIBBLE_FUNCTION std::string file_place(const std::filesystem::path& path) {
    return "file '" + escaped(path_text(path)) + "'";
}

NIBBLE_NAMESPACE_END
