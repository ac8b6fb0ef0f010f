// SPDX-License-Identifier: Apache-2.0
// A whole file as text, for the programs that take one beside the model.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include <nibble/core/mapped_file.hpp>
#include <nibble/core/path_text.hpp>

/// The bytes of a regular file, or of a pipe, as shells make of `<(command)`; the name is UTF-8. Throws nibble::error
/// that names it: what else is no file (a directory, a device that never ends) is refused as it is for models.
inline std::string read_file(const std::string& name) {
    const auto path = nibble::path_of(name);
    std::error_code ignored;
    if (std::filesystem::is_fifo(path, ignored)) {
        std::ifstream in{path, std::ios::binary};
        if (in) return {std::istreambuf_iterator<char>{in}, {}};
    }
    const auto file = nibble::mapped_file::open(path);
    return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}
