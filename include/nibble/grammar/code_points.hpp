// SPDX-License-Identifier: Apache-2.0
// Sets of code points, and their UTF-8 bytes: what character classes are made of.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/grammar/syntax.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

inline constexpr char32_t last_code_point = 0x10ffff;
inline constexpr char32_t first_surrogate = 0xd800, last_surrogate = 0xdfff;

[[nodiscard]] constexpr bool is_scalar_value(char32_t c) noexcept {
    return c <= last_code_point && (c < first_surrogate || c > last_surrogate);
}

/// Number of UTF-8 bytes of a scalar value.
[[nodiscard]] constexpr std::size_t utf8_length(char32_t c) noexcept {
    return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

/// Byte `index` of the UTF-8 form of `c`, which has `length` bytes.
[[nodiscard]] constexpr std::uint8_t utf8_byte(char32_t c, std::size_t length, std::size_t index) noexcept {
    constexpr std::array<std::uint8_t, 5> lead{0, 0, 0xc0, 0xe0, 0xf0};
    const char32_t bits = c >> (6 * (length - 1 - index));
    return static_cast<std::uint8_t>(index == 0 ? lead[length] | bits : 0x80 | (bits & 0x3f));
}

/// The same set, sorted, merged, without surrogates.
[[nodiscard]] inline std::vector<code_point_range> normalised(std::vector<code_point_range> ranges) {
    std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<code_point_range> out;
    const auto put = [&out](char32_t first, char32_t last) {
        if (first > last) return;
        if (!out.empty() && first <= out.back().last + 1) {
            out.back().last = std::max(out.back().last, last);
        } else {
            out.push_back({first, last});
        }
    };
    for (const auto& [first, last] : ranges) {
        put(first, std::min<char32_t>(last, first_surrogate - 1));
        put(std::max<char32_t>(first, last_surrogate + 1), std::min(last, last_code_point));
    }
    return out;
}

/// Every scalar value that is not in the set.
[[nodiscard]] inline std::vector<code_point_range> complement(std::vector<code_point_range> ranges) {
    std::vector<code_point_range> out;
    char32_t next = 0;
    for (const auto& [first, last] : normalised(std::move(ranges))) {
        if (first > next) out.push_back({next, first - 1});
        next = last + 1;
    }
    if (next <= last_code_point) out.push_back({next, last_code_point});
    return normalised(std::move(out));
}

/// One run of UTF-8 sequences: byte i lies between first[i] and last[i].
struct utf8_range {
    std::size_t length;
    std::array<std::uint8_t, 4> first, last;
};

/// Splits `range` into runs in which every byte moves freely within its bounds.
/// Calls put(utf8_range) for each.
template <class Put>
void split_utf8(code_point_range range, const Put& put) {
    auto [first, last] = range;
    while (first <= last) {
        const std::size_t length = utf8_length(first);
        constexpr std::array<char32_t, 5> top{0, 0x7f, 0x7ff, 0xffff, last_code_point};
        char32_t end = std::min(last, top[length]);
        // The longest run from `first` whose last k bytes are all free: aligned to 64^k at both ends.
        for (std::size_t k = 1; k < length; ++k) {
            const char32_t block = (char32_t{1} << (6 * k)) - 1;
            if ((first & ~block) == (end & ~block)) break;
            if ((first & block) != 0) {
                end = first | block;
            } else if ((end & block) != block) {
                end = (end & ~block) - 1;
            }
        }
        utf8_range run{length, {}, {}};
        for (std::size_t i = 0; i < length; ++i) {
            run.first[i] = utf8_byte(first, length, i);
            run.last[i] = utf8_byte(end, length, i);
        }
        put(run);
        first = end + 1;
    }
}

}  // namespace detail

NIBBLE_NAMESPACE_END
