// SPDX-License-Identifier: Apache-2.0
// Unicode normalization form C (UAX #15) of version 9: what some vocabularies expect their texts to be in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/merge_sort.hpp>
#include <nibble/unicode/nfc_tables.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace nfc_detail {

/// The Unicode Standard, 3.12: a syllable is a leading consonant, a vowel and perhaps a trailing consonant.
inline constexpr char32_t syllables = 0xac00, leads = 0x1100, vowels = 0x1161, trails = 0x11a7;
inline constexpr char32_t n_leads = 19, n_vowels = 21, n_trails = 28, n_syllables = n_leads * n_vowels * n_trails;

/// What the tables say of `c`; nullptr for a code point that never changes and that nothing moves or composes with from
/// behind.
[[nodiscard]] constexpr const code_point_kind* kind_of(char32_t c) noexcept {
    if (c < kinds[0].first) return nullptr;
    const auto* found = std::lower_bound(std::begin(kinds), std::end(kinds), c,
                                         [](const code_point_kind& kind, char32_t code) { return kind.last < code; });
    return found != std::end(kinds) && found->first <= c ? found : nullptr;
}
[[nodiscard]] constexpr std::uint8_t combining_class(char32_t c) noexcept {
    const auto* kind = kind_of(c);
    return kind ? kind->combining_class : std::uint8_t{0};
}

inline constexpr std::uint64_t part_mask = 0x1fffff;  // 21 bits

/// Appends the full canonical decomposition of `c`.
inline void decompose(char32_t c, std::vector<char32_t>& out) {
    if (c - syllables < n_syllables) {
        const char32_t i = c - syllables;
        out.push_back(leads + i / (n_vowels * n_trails));
        out.push_back(vowels + i / n_trails % n_vowels);
        if (i % n_trails != 0) out.push_back(trails + i % n_trails);
        return;
    }
    const auto key = std::uint64_t{c} << 42;
    const auto* found = std::lower_bound(std::begin(decompositions), std::end(decompositions), key);
    if (found == std::end(decompositions) || *found >> 42 != c) return out.push_back(c);
    decompose(static_cast<char32_t>(*found >> 21 & part_mask), out);  // at most three deep
    if (const auto second = static_cast<char32_t>(*found & part_mask)) out.push_back(second);
}

/// What the two become together, or 0.
[[nodiscard]] constexpr char32_t compose(char32_t first, char32_t second) noexcept {
    if (first - leads < n_leads && second - vowels < n_vowels)
        return syllables + ((first - leads) * n_vowels + (second - vowels)) * n_trails;
    if (first - syllables < n_syllables && (first - syllables) % n_trails == 0 && second > trails &&
        second - trails < n_trails)
        return first + (second - trails);
    const auto parts_of = [](std::uint16_t i) { return decompositions[i] & (part_mask << 21 | part_mask); };
    const std::uint64_t parts = std::uint64_t{first} << 21 | second;
    const auto* found = std::lower_bound(std::begin(compositions), std::end(compositions), parts,
                                         [&](std::uint16_t i, std::uint64_t wanted) { return parts_of(i) < wanted; });
    if (found == std::end(compositions) || parts_of(*found) != parts) return 0;
    return static_cast<char32_t>(decompositions[*found] >> 42);
}

/// A stretch of code points that may act on each other: a starter and all behind it up to the next that nothing
/// composes with from before.
class segment {
public:
    void add(char32_t c) { given_.push_back(c); }

    /// Appends the segment in form C to `out`; it is empty then. O(n log n).
    void flush(std::string& out) {
        if (given_.size() == 1 && !kind_of(given_[0])) {
            append_utf8(out, given_[0]);
        } else if (!given_.empty()) {
            codes_.clear();
            for (const char32_t c : given_) decompose(c, codes_);
            sort_marks();
            compose_all();
            for (const char32_t c : codes_) append_utf8(out, c);
        }
        given_.clear();
    }

private:
    void sort_marks() {
        const auto is_starter = [](char32_t c) { return combining_class(c) == 0; };
        for (std::size_t at = 0, end = 0; at < codes_.size(); at = end) {
            while (end < codes_.size() && !is_starter(codes_[end])) ++end;
            merge_sort(codes_.data() + at, end - at,
                       [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
            while (end < codes_.size() && is_starter(codes_[end])) ++end;
        }
    }

    void compose_all() {
        std::size_t n = 0, starter = 0;  // of what is kept; where its last starter is
        bool has_starter = false;
        for (const char32_t c : codes_) {
            const std::uint8_t own = combining_class(c);
            // Between a starter and what composes with it, only marks of a lower class may stand.
            const bool reaches =
                has_starter && (n == starter + 1 || (own != 0 && combining_class(codes_[n - 1]) < own));
            if (const char32_t whole = reaches ? compose(codes_[starter], c) : 0) {
                codes_[starter] = whole;
                continue;
            }
            if (own == 0) {
                starter = n;
                has_starter = true;
            }
            codes_[n++] = c;
        }
        codes_.resize(n);
    }

    std::vector<char32_t> given_, codes_;
};

}  // namespace nfc_detail

/// True only for a text in form C; false, too, for a text that needs a closer look. Bytes that are no UTF-8 count as
/// characters of their own.
[[nodiscard]] inline bool is_surely_nfc(std::string_view text) noexcept {
    std::uint8_t last = 0;  // combining class
    for (std::size_t at = 0; at < text.size();) {
        if (static_cast<std::uint8_t>(text[at]) < 0xcc) {  // below U+0300, or no start of a character
            last = 0;
            ++at;
            continue;
        }
        const utf8_unit unit = decode_utf8(text, at);
        const auto* kind = nfc_detail::kind_of(unit.code_point);
        at += unit.length;
        if (!kind) {
            last = 0;
            continue;
        }
        if (kind->may_change || (kind->combining_class != 0 && kind->combining_class < last)) return false;
        last = kind->combining_class;
    }
    return true;
}

/// The text in form C. Bytes that are no UTF-8 stay as they are, and nothing composes over them.
[[nodiscard]] inline std::string to_nfc(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    nfc_detail::segment segment;
    for (std::size_t at = 0; at < text.size();) {
        const utf8_unit unit = decode_utf8(text, at);
        if (unit.code_point == invalid_code_point) {
            segment.flush(out);
            out += text.substr(at, unit.length);
        } else {
            if (!nfc_detail::kind_of(unit.code_point)) segment.flush(out);
            segment.add(unit.code_point);
        }
        at += unit.length;
    }
    segment.flush(out);
    return out;
}

NIBBLE_NAMESPACE_END
