// SPDX-License-Identifier: Apache-2.0
// Definitions of core/aligned_buffer.hpp: where the memory comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/checked.hpp>
#include <nibble/core/error.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION detail::aligned_memory::aligned_memory(std::size_t count, std::size_t bytes_of_one) {
    if (count == 0) return;
    // calloc aligns to less than 64, so up to 63 bytes before the first value stay unused
    const auto bytes = (checked_size{count} * bytes_of_one + (alignment - 1)).value();
    if (bytes && *bytes <= PTRDIFF_MAX) block_ = std::calloc(static_cast<std::size_t>(*bytes), 1);
    if (!block_)
        throw error{errc::out_of_memory, "aligned_buffer",
                    std::to_string(count) + " values of " + std::to_string(bytes_of_one) + " bytes", "no memory"};
    const auto address = reinterpret_cast<std::uintptr_t>(block_);
    first_ = static_cast<std::byte*>(block_) + (alignment - address % alignment) % alignment;
    count_ = count;
}

NIBBLE_NAMESPACE_END
