// SPDX-License-Identifier: Apache-2.0
// Numbers cut into groups of three digits from the right, as thousands are written: the first step of Tiny Aya, and all
// that cuts a text for SuperBPE.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/pretokenizer/isolate.hpp>
#include <nibble/text/pretokenizer/scanner.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace pretokenizer_detail {

// clang-format off
/// The zero of each ten digits; these are all there are in the category Nd of Unicode 16.
inline constexpr char32_t zeros[] = {
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136,
    0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0,
    0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8,
    0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
};
/// What \w has besides letters, marks and digits: Nl, Pc, and the circled letters, which are alphabetic symbols.
inline constexpr std::array other_word_characters{
    code_range{0x5f, 0x5f}, code_range{0x16ee, 0x16f0}, code_range{0x203f, 0x2040}, code_range{0x2054, 0x2054},
    code_range{0x2160, 0x2182}, code_range{0x2185, 0x2188}, code_range{0x24b6, 0x24e9}, code_range{0x3007, 0x3007},
    code_range{0x3021, 0x3029}, code_range{0x3038, 0x303a}, code_range{0xa6e6, 0xa6ef}, code_range{0xfe33, 0xfe34},
    code_range{0xfe4d, 0xfe4f}, code_range{0xff3f, 0xff3f}, code_range{0x10140, 0x10174}, code_range{0x10341, 0x10341},
    code_range{0x1034a, 0x1034a}, code_range{0x103d1, 0x103d5}, code_range{0x12400, 0x1246e},
    code_range{0x1f130, 0x1f149}, code_range{0x1f150, 0x1f169}, code_range{0x1f170, 0x1f189},
};
// clang-format on

[[nodiscard]] constexpr bool is_digit(char32_t c) noexcept {
    if (c < 0x80) return c >= U'0' && c <= U'9';
    const char32_t* const behind = std::upper_bound(std::begin(zeros), std::end(zeros), c);
    return c - behind[-1] < 10;
}

/// \w of a character that is no digit.
[[nodiscard]] constexpr bool is_word_character(char32_t c) noexcept {
    return in_set(letters | marks, c) || in_ranges(other_word_characters, c);
}

/// \d{1,3}(?=(?:\d{3})*\b): the digits of a number are grouped from its end, behind which stands no other character of
/// a word.
template <class Next>
void isolate_digit_groups(std::string_view text, Next&& next) {
    std::size_t done = 0;  // everything before has been given
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at, n_digits = 0;
        std::uint32_t length = 0;
        char32_t behind = 0;
        for (; end < text.size() && is_digit(behind = code_point_at(text, end, length)); end += length) ++n_digits;
        if (n_digits == 0 || (end < text.size() && is_word_character(behind))) {
            at = end + length;
            continue;
        }
        if (at > done) next(text.substr(done, at - done));
        done = at;
        while (n_digits-- > 0) {
            static_cast<void>(code_point_at(text, at, length));
            at += length;
            if (n_digits % 3 != 0) continue;
            next(text.substr(done, at - done));
            done = at;
        }
    }
    if (done < text.size()) next(text.substr(done));
}

/// (?=(\d{3})+(?!\d)), which matches nothing and cuts there: before each group of three digits, from the last one.
template <class Next>
void cut_before_digit_groups(std::string_view text, Next&& next) {
    std::size_t done = 0;  // everything before has been given
    std::uint32_t length = 0;
    for (std::size_t at = 0; at < text.size(); at += length) {
        std::size_t n_digits = 0;
        for (std::size_t end = at; end < text.size() && is_digit(code_point_at(text, end, length)); end += length)
            ++n_digits;
        for (; n_digits > 0; --n_digits, at += length) {
            static_cast<void>(code_point_at(text, at, length));
            if (n_digits % 3 != 0 || at == done) continue;
            next(text.substr(done, at - done));
            done = at;
        }
        length = unit_at(text, at).length;  // what is behind the digits, if anything
    }
    if (done < text.size()) next(text.substr(done));
}

/// \p{N}+ alone, cut before its groups of digits.
template <class Emit>
void superbpe_words(std::string_view text, Emit&& emit) {
    isolate_runs(
        text, [](char32_t c) { return in_set(numbers, c); }, {},
        [&](std::string_view piece) { cut_before_digit_groups(piece, emit); });
}

}  // namespace pretokenizer_detail
NIBBLE_NAMESPACE_END
