// SPDX-License-Identifier: Apache-2.0
// A model file cut into the parts of a split, as writers that a test may spoil.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <nibble/gguf/file.hpp>
#include <nibble/gguf/writer.hpp>

namespace nibble::test {

/// "model-00002-of-00003.gguf" for part 1 of 3.
[[nodiscard]] inline std::string part_name(std::size_t number, std::size_t count) {
    char name[64];
    std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.gguf", number + 1, count);
    return name;
}

/// What a part says of itself.
struct part_keys {
    std::uint16_t number, count;
    std::int32_t n_tensors;
};

[[nodiscard]] inline gguf::writer part_writer(const part_keys& keys) {
    return gguf::writer{}
        .add("split.no", keys.number)
        .add("split.count", keys.count)
        .add("split.tensors.count", keys.n_tensors);
}

/// The first part has the metadata of `whole`; part i has the next n_tensors[i] of its tensors.
[[nodiscard]] inline std::vector<gguf::writer> split(const gguf::file& whole,
                                                     const std::vector<std::size_t>& n_tensors) {
    std::vector<gguf::writer> parts;
    std::size_t next = 0;
    for (std::size_t i = 0; i < n_tensors.size(); ++i) {
        auto& part =
            parts.emplace_back(part_writer({static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(n_tensors.size()),
                                            static_cast<std::int32_t>(whole.tensors().size())}));
        if (const auto metadata = whole.metadata(); i == 0 && !metadata.empty()) {
            const auto last = metadata.back().val.bytes();
            const auto begin = static_cast<std::size_t>(metadata.front().offset);
            const auto end = static_cast<std::size_t>(last.data() + last.size() - whole.bytes().data());
            part.add_bytes(whole.bytes().subspan(begin, end - begin), metadata.size());
        }
        for (std::size_t n = 0; n < n_tensors[i]; ++n) {
            const tensor_view& tensor = whole.tensors()[next++];
            part.add_tensor({.name = std::string{tensor.name},
                             .dims = {tensor.dims.begin(), tensor.dims.begin() + tensor.n_dims},
                             .type = tensor.type,
                             .data = {tensor.bytes.begin(), tensor.bytes.end()}});
        }
    }
    return parts;
}

/// Writes them side by side; returns the path of the first.
inline std::filesystem::path write_parts(const std::filesystem::path& dir, const std::vector<gguf::writer>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i].write(dir / part_name(i, parts.size()));
    return dir / part_name(0, parts.size());
}

}  // namespace nibble::test
