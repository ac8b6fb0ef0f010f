// SPDX-License-Identifier: Apache-2.0
// How much of everything a GGUF file may hold: the bounds that keep a hostile header cheap to refuse.
#pragma once

#include <cstdint>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

/// Upper bounds for one model; a file above one of them is refused with an error that names the bound. Every count
/// and length is also compared with the bytes that are left in the file, whatever the bounds here say.
struct limits {
    std::uint64_t metadata_entries = 65'536;
    std::uint64_t tensors = 262'144;
    std::uint64_t key_bytes = 65'535;             ///< the specification's own bound
    std::uint64_t tensor_name_bytes = 64;         ///< the specification's own bound
    std::uint64_t string_bytes = 16ull << 20;     ///< one string value or one element of a string array
    std::uint64_t array_elements = 16ull << 20;   ///< SmolLM3 has 128,256 tokens and 280,147 merges
    std::uint64_t metadata_bytes = 256ull << 20;  ///< all key/value pairs together
    std::uint64_t parts = 4096;                   ///< files of a split model
};

}  // namespace gguf
NIBBLE_NAMESPACE_END
