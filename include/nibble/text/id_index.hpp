// SPDX-License-Identifier: Apache-2.0
// A hash index of small integers in 4 bytes each: what they stand for stays where the caller keeps it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/instructions.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Ids by the hash of what they stand for. Open addressing, at most half full; the bits that an id leaves free hold a
/// part of the hash, so that hardly ever anything else is looked at in vain. Small on purpose: for 128,000 tokens it is
/// 1 MiB and stays in the cache where 16-byte slots would not. No id is ever removed. Move-only.
class id_index {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    /// Longest way that an id may be from its place. Chance stays far below it; ids made to collide are refused instead
    /// of making every look-up slow.
    static constexpr std::size_t max_probe = 512;

    id_index() = default;
    /// For ids below n, n < 2^31.
    explicit id_index(std::size_t n)
        : slots_(std::bit_ceil(2 * n + 2)), id_mask_((std::uint32_t{1} << std::bit_width(n)) - 1) {}

    /// Asks memory for the place where a look-up of this hash starts.
    void prefetch(std::uint64_t hash) const noexcept { detail::prefetch(&slots_[first(hash)]); }

    /// The id with this hash for which `is(id)` holds, or none.
    template <class Is>
    [[nodiscard]] std::uint32_t find(std::uint64_t hash, Is&& is) const noexcept {
        for (std::size_t at = first(hash);; at = (at + 1) & (slots_.size() - 1)) {
            const std::uint32_t slot = slots_[at];
            if (slot == 0) return none;
            if (((slot ^ tag(hash)) & ~id_mask_) == 0 && is((slot & id_mask_) - 1)) return (slot & id_mask_) - 1;
        }
    }

    /// Adds an id that find() does not find. Throws errc::limit_exceeded, with `what` as the place.
    void add(std::uint64_t hash, std::uint32_t id, const char* what) {
        for (std::size_t i = 0; i < max_probe; ++i) {
            std::uint32_t& slot = slots_[(first(hash) + i) & (slots_.size() - 1)];
            if (slot != 0) continue;
            slot = (id + 1) | (tag(hash) & ~id_mask_);
            return;
        }
        throw error(errc::limit_exceeded, what, "at most 512 entries that collide", "more");
    }

private:
    [[nodiscard]] std::size_t first(std::uint64_t hash) const noexcept {
        return static_cast<std::size_t>(hash) & (slots_.size() - 1);
    }
    [[nodiscard]] static std::uint32_t tag(std::uint64_t hash) noexcept {
        return static_cast<std::uint32_t>(hash >> 32);
    }

    aligned_buffer<std::uint32_t> slots_;  ///< id + 1 below, hash above; 0: free
    std::uint32_t id_mask_ = 0;
};

NIBBLE_NAMESPACE_END
