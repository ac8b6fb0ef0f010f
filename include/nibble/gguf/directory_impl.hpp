// SPDX-License-Identifier: Apache-2.0
// Definitions of gguf/directory.hpp: look-ups.
#pragma once

#include <cstddef>
#include <string_view>

#include <nibble/gguf/directory.hpp>
#include <nibble/gguf/value.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

NIBBLE_FUNCTION const value* directory::find(std::string_view key) const noexcept {
    const auto i = keys.find(key, [this](std::size_t k) { return metadata[k].key; });
    return i ? &metadata[*i].val : nullptr;
}

NIBBLE_FUNCTION const tensor_view* directory::find_tensor(std::string_view name) const noexcept {
    const auto i = names.find(name, [this](std::size_t k) { return tensors[k].name; });
    return i ? &tensors[*i] : nullptr;
}

}  // namespace gguf
NIBBLE_NAMESPACE_END
