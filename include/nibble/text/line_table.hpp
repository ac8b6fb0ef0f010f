// SPDX-License-Identifier: Apache-2.0
// A hash table of 16-byte slots, four to a cache line, for look-ups that miss no more lines than they must.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Open addressing by whole cache lines: an entry is in the line of its hash, or in one that follows a full one. A line
/// has at most three entries on average; with two, 4 of 100 entries are not in their first line. Every line more that a
/// look-up touches may cost 150 ns.
/// A slot is free when it is all zero; `Slot::free()` tells. No entry is ever removed. Move-only.
template <class Slot>
class line_table {
    static_assert(sizeof(Slot) == 16 && std::is_trivially_copyable_v<Slot>);

public:
    /// Longest way that an entry may be from its line. Chance stays far below it; entries made to collide are refused
    /// instead of making every look-up slow.
    static constexpr std::size_t max_lines = 128;

    line_table() = default;
    /// Room for `n` entries, all free.
    explicit line_table(std::size_t n) : lines_(std::bit_ceil(n / 3 + 1)) {}

    /// Asks memory for the line where a look-up of this hash starts.
    void prefetch(std::size_t hash) const noexcept { __builtin_prefetch(&lines_[hash & (lines_.size() - 1)]); }

    /// The slot for which `same(slot)` and then `confirmed(slot)` hold, or nullptr. `same` compares keys: it is asked
    /// for all four slots of a line at once, without branches, as which of them it is cannot be predicted.
    template <class Same, class Confirmed>
    [[nodiscard]] const Slot* find(std::size_t hash, Same&& same, Confirmed&& confirmed) const noexcept {
        for (std::size_t at = hash & (lines_.size() - 1);; at = (at + 1) & (lines_.size() - 1)) {
            const auto& slots = lines_[at].slots;
            unsigned hits = 0;
            for (unsigned i = 0; i < 4; ++i) hits |= static_cast<unsigned>(same(slots[i])) << i;
            for (; hits != 0; hits &= hits - 1) {
                const Slot& slot = slots[static_cast<std::size_t>(std::countr_zero(hits))];
                if (confirmed(slot)) return &slot;
            }
            if (slots[3].free()) return nullptr;
        }
    }

    /// A free slot for a new entry with this hash, for the caller to fill. Throws errc::limit_exceeded, with `what` as
    /// the place, if too many entries are in its way.
    [[nodiscard]] Slot& free_slot(std::size_t hash, const char* what) {
        for (std::size_t i = 0; i < max_lines; ++i)
            for (Slot& slot : lines_[(hash + i) & (lines_.size() - 1)].slots)
                if (slot.free()) return slot;
        throw error(errc::limit_exceeded, what, "at most 512 entries that collide", "more");
    }

private:
    struct alignas(64) line {
        std::array<Slot, 4> slots;
    };
    aligned_buffer<line> lines_;
};

NIBBLE_NAMESPACE_END
