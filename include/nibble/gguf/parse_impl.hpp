// SPDX-License-Identifier: Apache-2.0
// Definitions of gguf/parse.hpp: header, metadata and tensors in turn.
#pragma once

#include <cstddef>
#include <span>

#include <nibble/gguf/directory.hpp>
#include <nibble/gguf/limits.hpp>
#include <nibble/gguf/parse.hpp>
#include <nibble/gguf/parse_metadata.hpp>
#include <nibble/gguf/parse_tensors.hpp>
#include <nibble/gguf/reader.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

NIBBLE_FUNCTION directory parse_directory(std::span<const std::byte> bytes, const limits& bounds) {
    reader in{bytes};
    directory out;
    out.bytes = bytes;
    const header counts = read_header(in, bounds);
    out.version = counts.version;
    read_metadata(in, counts.n_metadata, bounds, out);
    out.alignment = read_alignment(out);
    read_tensors(in, counts.n_tensors, bounds, out);
    return out;
}

}  // namespace gguf
NIBBLE_NAMESPACE_END
