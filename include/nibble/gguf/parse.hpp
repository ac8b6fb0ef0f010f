// SPDX-License-Identifier: Apache-2.0
// From the bytes of a GGUF file to its directory.
#pragma once

#include <cstddef>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/gguf/directory.hpp>
#include <nibble/gguf/limits.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

/// Reads and validates everything but the weights. The views of the result borrow from `bytes`. Time and memory
/// are proportional to the bytes before the tensor data, which are read once, front to back, and no tensor's data
/// is touched. Throws `error` (gguf_*, limit_exceeded, model_wrong_type for an alignment that is no u32) with the
/// byte offset of the field that is wrong.
[[nodiscard]] NIBBLE_FUNCTION directory parse_directory(std::span<const std::byte> bytes, const limits& bounds);

}  // namespace gguf
NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/gguf/parse_impl.hpp>
#endif
