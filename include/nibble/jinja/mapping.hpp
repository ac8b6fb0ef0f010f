// SPDX-License-Identifier: Apache-2.0
// Dictionaries: in order of insertion, any hashable key, found in O(log n) whatever the keys.
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/jinja/value.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// -1, 0 or 1: the order of two integers by their decimal digits, without leading zeros, '-' before a negative one.
[[nodiscard]] inline int compare_digits(std::string_view a, std::string_view b) noexcept {
    const bool negative = a.starts_with('-');
    if (negative != b.starts_with('-')) return negative ? -1 : 1;
    const int order = a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : a.compare(b);
    const int sign = order < 0 ? -1 : order > 0;
    return negative ? -sign : sign;
}

/// The same of two numbers of which one at least has more than 64 bits; none is NaN.
[[nodiscard]] inline int compare_big(const value& a, const value& b) noexcept {
    if (b.type() == kind::number && std::isinf(b.number())) return b.number() > 0 ? -1 : 1;
    if (a.type() == kind::number && std::isinf(a.number())) return a.number() > 0 ? 1 : -1;
    char buffer[320];  // a double has at most 309 digits; where it has a fraction the other number decides
    const auto digits = [&buffer](const value& v) -> std::string_view {
        if (v.is_big_integer()) return v.digits();
        const auto end = v.is_integer()
                             ? std::to_chars(buffer, buffer + sizeof buffer, v.integer())
                             : std::to_chars(buffer, buffer + sizeof buffer, v.number(), std::chars_format::fixed, 0);
        return {buffer, static_cast<std::size_t>(end.ptr - buffer)};
    };
    return compare_digits(digits(a), digits(b));
}

/// -1, 0 or 1: the order of two numbers by their exact values (no integer is rounded to a double). NaN comes first.
[[nodiscard]] inline int compare_numbers(const value& a, const value& b) noexcept {
    if (a.is_integer() && b.is_integer()) return a.integer() < b.integer() ? -1 : a.integer() > b.integer();
    const bool has_big = a.is_big_integer() || b.is_big_integer();
    if (has_big || (!a.is_integer() && !b.is_integer())) {
        const double x = a.number(), y = b.number();
        if (std::isnan(x) || std::isnan(y)) return static_cast<int>(std::isnan(y)) - static_cast<int>(std::isnan(x));
        if (has_big) return compare_big(a, b);
        return x < y ? -1 : x > y;
    }
    if (!a.is_integer()) return -compare_numbers(b, a);
    const double y = b.number();
    if (std::isnan(y)) return 1;
    constexpr double two_63 = 9223372036854775808.0;
    if (y >= two_63) return -1;
    if (y < -two_63) return 1;
    const auto whole = static_cast<std::int64_t>(y);  // in range: -2^63 <= y < 2^63
    if (a.integer() != whole) return a.integer() < whole ? -1 : 1;
    const double fraction = y - static_cast<double>(whole);
    return fraction > 0 ? -1 : fraction < 0;
}

/// A total order of keys in which exactly those that Python holds equal (1, 1.0 and True) compare as 0.
/// For keys as key_cost() takes them: it bounds the depth of tuples, and knows what a comparison costs.
[[nodiscard]] inline int compare_keys(const value& a, const value& b) noexcept {
    const auto rank = [](const value& v) {
        return v.is_number() ? 1 : v.is_string() ? 0 : 2 + static_cast<int>(v.type());
    };
    if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
    if (a.is_string()) return a.str().compare(b.str());
    if (a.is_number()) return compare_numbers(a, b);
    const auto by_address = [](const void* x, const void* y) { return std::less<>{}(x, y) ? -1 : x == y ? 0 : 1; };
    switch (a.type()) {
        case kind::sequence: {
            if (a.seq().form != sequence::flavor::tuple || b.seq().form != sequence::flavor::tuple)
                return by_address(a.address(), b.address());
            const auto &x = a.seq().elements, &y = b.seq().elements;
            for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
                if (const int order = compare_keys(x[i], y[i])) return order;
            return x.size() < y.size() ? -1 : x.size() > y.size();
        }
        case kind::none:
        case kind::undefined: return 0;
        default: return by_address(a.address(), b.address());
    }
}

/// A dictionary. Immutable once built. Who searches it pays for the comparisons: look_up() does.
struct mapping {
    struct entry {
        value key, held;
    };
    std::vector<entry> entries;

    /// From entries with hashable keys; of equal keys the first keeps its place and the last its value.
    explicit mapping(std::vector<entry> given) : entries(std::move(given)) {
        if (entries.size() <= scan_below) {
            for (std::size_t i = 1; i < entries.size();) {
                std::size_t first = 0;
                while (compare_keys(entries[first].key, entries[i].key) != 0) ++first;  // ends at i
                if (first == i) {
                    ++i;
                } else {
                    entries[first].held = std::move(entries[i].held);
                    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
                }
            }
            return;
        }
        sort_positions();
        std::vector<std::size_t> repeated;
        for (std::size_t i = 1; i < by_key_.size(); ++i) {
            if (compare_keys(entries[by_key_[i - 1]].key, entries[by_key_[i]].key) != 0) continue;
            std::size_t first = i - 1;  // equal keys lie in order of insertion
            while (i < by_key_.size() && compare_keys(entries[by_key_[first]].key, entries[by_key_[i]].key) == 0) {
                entries[by_key_[first]].held = entries[by_key_[i]].held;
                repeated.push_back(by_key_[i++]);
            }
        }
        if (repeated.empty()) return;
        std::sort(repeated.begin(), repeated.end());
        std::vector<entry> kept;
        auto skip = repeated.begin();
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (skip != repeated.end() && *skip == i) {
                ++skip;
            } else {
                kept.push_back(std::move(entries[i]));
            }
        }
        entries = std::move(kept);
        sort_positions();
    }

    /// How often each key is compared at most when `n` of them are put together.
    [[nodiscard]] static constexpr std::size_t comparisons_to_build(std::size_t n) noexcept {
        return n <= scan_below ? n : 2 * static_cast<std::size_t>(std::bit_width(n));
    }
    /// How many keys a search looks at, at most.
    [[nodiscard]] std::size_t comparisons_to_search() const noexcept {
        return by_key_.empty() ? entries.size() : static_cast<std::size_t>(std::bit_width(entries.size())) + 1;
    }

    /// The value under a hashable key, or nullptr.
    [[nodiscard]] const value* search(const value& key) const noexcept {
        if (by_key_.empty()) {
            for (const entry& e : entries)
                if (compare_keys(e.key, key) == 0) return &e.held;
            return nullptr;
        }
        const auto found = std::lower_bound(by_key_.begin(), by_key_.end(), key, [&](std::size_t i, const value& k) {
            return compare_keys(entries[i].key, k) < 0;
        });
        if (found == by_key_.end() || compare_keys(entries[*found].key, key) != 0) return nullptr;
        return &entries[*found].held;
    }

private:
    static constexpr std::size_t scan_below = 16;  // up to here a scan beats the search

    void sort_positions() {
        by_key_.resize(entries.size());
        for (std::size_t i = 0; i < by_key_.size(); ++i) by_key_[i] = i;
        std::sort(by_key_.begin(), by_key_.end(), [&](std::size_t i, std::size_t j) {
            const int order = compare_keys(entries[i].key, entries[j].key);
            return order != 0 ? order < 0 : i < j;
        });
    }

    std::vector<std::size_t> by_key_;  // positions in the order of their keys; empty where a scan is enough
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
