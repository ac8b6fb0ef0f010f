// SPDX-License-Identifier: Apache-2.0
// The table of contents of a GGUF file, with lookup by name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/value.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

/// Finds the entries of a list by their names. A sorted permutation rather than a hash table: building it also
/// brings duplicates together, and its time does not depend on how well names were chosen to collide.
class name_index {
public:
    name_index() = default;

    /// `name_of(i)` is the name of entry i of `count`; the names must live as long as lookups are made.
    template <class NameOf>
    name_index(std::size_t count, NameOf name_of) : order_(count) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
            const int order = name_of(a).compare(name_of(b));
            return order != 0 ? order < 0 : a < b;
        });
    }

    /// The first entry in list order that repeats an earlier name, after the entry it repeats.
    template <class NameOf>
    [[nodiscard]] std::optional<std::pair<std::size_t, std::size_t>> first_duplicate(NameOf name_of) const {
        std::optional<std::pair<std::size_t, std::size_t>> found;
        for (std::size_t i = 1; i < order_.size(); ++i)
            if (name_of(order_[i - 1]) == name_of(order_[i]) && (!found || order_[i] < found->second))
                found = {order_[i - 1], order_[i]};
        return found;
    }

    template <class NameOf>
    [[nodiscard]] std::optional<std::size_t> find(std::string_view name, NameOf name_of) const noexcept {
        const auto at = std::lower_bound(order_.begin(), order_.end(), name,
                                         [&](std::size_t i, std::string_view key) { return name_of(i) < key; });
        if (at == order_.end() || name_of(*at) != name) return {};
        return *at;
    }

private:
    std::vector<std::size_t> order_;
};

/// What a validated file holds, as views into `bytes`.
struct directory {
    std::span<const std::byte> bytes;
    std::uint32_t version = 0;
    std::uint64_t alignment = 32;
    std::uint64_t data_offset = 0;
    std::uint64_t data_end = 0;
    std::vector<key_value> metadata;   ///< in file order
    std::vector<tensor_view> tensors;  ///< in the order of the table
    name_index keys, names;            ///< of metadata and tensors

    [[nodiscard]] const value* find(std::string_view key) const noexcept;
    [[nodiscard]] const tensor_view* find_tensor(std::string_view name) const noexcept;
};

}  // namespace gguf
NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/gguf/directory_impl.hpp>
#endif
