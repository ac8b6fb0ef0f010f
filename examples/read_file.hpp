// SPDX-License-Identifier: Apache-2.0
// A whole file as text, for the programs that take one beside the model.
#pragma once

#include <string>

#include <nibble/core/mapped_file.hpp>

/// The bytes of a regular file. Throws nibble::error that names it: what is no file (a directory, a device that never
/// ends) is refused as it is for models.
inline std::string read_file(const std::string& path) {
    const auto file = nibble::mapped_file::open(path);
    return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}
