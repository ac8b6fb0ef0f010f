// SPDX-License-Identifier: Apache-2.0
// Definitions of model/tensors.hpp: names, and what they find.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <nibble/gguf/file.hpp>
#include <nibble/model/tensors.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION std::string tensor_name(tensor_id id, std::size_t layer) {
    const auto& row = row_of(id);
    std::string name = row.per_layer ? std::string{layer_prefixes[0]} + std::to_string(layer) + '.' : std::string{};
    return name.append(row.name);
}

NIBBLE_FUNCTION const tensor_view* find_tensor(const gguf::file& file, tensor_id id, std::size_t layer) {
    const auto& row = row_of(id);
    for (const auto prefix : layer_prefixes) {
        const std::string start = row.per_layer ? std::string{prefix} + std::to_string(layer) + '.' : std::string{};
        for (const auto name : {row.name, row.alias}) {
            if (name.empty()) continue;
            if (const auto* found = file.find_tensor(start + std::string{name})) return found;
        }
    }
    return nullptr;
}

NIBBLE_FUNCTION std::optional<std::uint32_t> layer_of(std::string_view name) noexcept {
    for (const auto prefix : layer_prefixes) {
        if (!name.starts_with(prefix)) continue;
        const char* end = name.data() + name.size();
        std::uint32_t layer = 0;
        const auto [stop, failed] = std::from_chars(name.data() + prefix.size(), end, layer);
        if (failed == std::errc{} && stop != end && *stop == '.') return layer;
    }
    return {};
}

NIBBLE_NAMESPACE_END
