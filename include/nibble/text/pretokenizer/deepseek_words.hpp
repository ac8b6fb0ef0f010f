// SPDX-License-Identifier: Apache-2.0
// The pre-tokenizers of DeepSeek: several patterns, each cutting what the one before has left.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/pretokenizer/isolate.hpp>
#include <nibble/text/pretokenizer/scanner.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace pretokenizer_detail {

/// The letters that deepseek-llm lists: Lu, Ll and Lt of some blocks, spelled out in its pattern.
// clang-format off
inline constexpr std::array deepseek_letters{
    code_range{0x41, 0x5a}, code_range{0x61, 0x7a}, code_range{0xb5, 0xb5}, code_range{0xc0, 0xd6},
    code_range{0xd8, 0xf6}, code_range{0xf8, 0x1ba}, code_range{0x1bc, 0x1bf}, code_range{0x1c4, 0x293},
    code_range{0x295, 0x2af}, code_range{0x370, 0x373}, code_range{0x376, 0x377}, code_range{0x37b, 0x37d},
    code_range{0x37f, 0x37f}, code_range{0x386, 0x386}, code_range{0x388, 0x38a}, code_range{0x38c, 0x38c},
    code_range{0x38e, 0x3a1}, code_range{0x3a3, 0x3f5}, code_range{0x3f7, 0x481}, code_range{0x48a, 0x52f},
    code_range{0x531, 0x556}, code_range{0x10a0, 0x10c5}, code_range{0x13a0, 0x13f5}, code_range{0x13f8, 0x13fd},
    code_range{0x1c90, 0x1cba}, code_range{0x1cbd, 0x1cbf}, code_range{0x1d00, 0x1d2b}, code_range{0x1d6b, 0x1d77},
    code_range{0x1d79, 0x1d9a}, code_range{0x1e00, 0x1f15}, code_range{0x1f18, 0x1f1d}, code_range{0x1f20, 0x1f45},
    code_range{0x1f48, 0x1f4d}, code_range{0x1f50, 0x1f57}, code_range{0x1f59, 0x1f59}, code_range{0x1f5b, 0x1f5b},
    code_range{0x1f5d, 0x1f5d}, code_range{0x1f5f, 0x1f7d}, code_range{0x1f80, 0x1fb4}, code_range{0x1fb6, 0x1fbc},
    code_range{0x1fbe, 0x1fbe}, code_range{0x1fc2, 0x1fc4}, code_range{0x1fc6, 0x1fcc}, code_range{0x1fd0, 0x1fd3},
    code_range{0x1fd6, 0x1fdb}, code_range{0x1fe0, 0x1fec}, code_range{0x1ff2, 0x1ff4}, code_range{0x1ff6, 0x1ffc},
    code_range{0x2102, 0x2102}, code_range{0x2107, 0x2107}, code_range{0x210a, 0x2113}, code_range{0x2115, 0x2115},
    code_range{0x2119, 0x211d}, code_range{0x2124, 0x2124}, code_range{0x2126, 0x2126}, code_range{0x2128, 0x2128},
    code_range{0x212a, 0x212d}, code_range{0x212f, 0x2134}, code_range{0x2139, 0x2139}, code_range{0x213c, 0x213f},
    code_range{0x2145, 0x2149}, code_range{0x214e, 0x214e}, code_range{0x2183, 0x2184}, code_range{0x2c00, 0x2c7b},
    code_range{0x2c7e, 0x2ce4}, code_range{0x2ceb, 0x2cee}, code_range{0x2cf2, 0x2cf3}, code_range{0xa640, 0xa66d},
    code_range{0xa680, 0xa69b}, code_range{0xa722, 0xa76f}, code_range{0xa771, 0xa787}, code_range{0xa78b, 0xa78e},
    code_range{0xab70, 0xabbf}, code_range{0xfb00, 0xfb06}, code_range{0xfb13, 0xfb17}, code_range{0xff21, 0xff3a},
    code_range{0xff41, 0xff5a}, code_range{0x10400, 0x1044f}, code_range{0x104b0, 0x104d3},
    code_range{0x104d8, 0x104fb}, code_range{0x10c80, 0x10cb2}, code_range{0x10cc0, 0x10cf2},
    code_range{0x118a0, 0x118df}, code_range{0x1e900, 0x1e943},
};
// clang-format on
inline constexpr std::array deepseek_punctuation{
    code_range{U'!', U'/'},     code_range{U':', U'~'},     code_range{0x2018, 0x201f},
    code_range{0x3000, 0x3002}, code_range{0xff01, 0xff0f}, code_range{0xff1a, 0xff5e},
};
inline constexpr std::array deepseek_east_asian{code_range{0x800, 0x9fa5}, code_range{0xac00, 0xd7ff}};
/// Kana and ideographs.
inline constexpr std::array deepseek_v3_east_asian{code_range{0x3040, 0x30ff}, code_range{0x4e00, 0x9fa5}};

/// The last two steps of deepseek-llm and deepseek-coder.
template <class Emit>
void deepseek_rest(std::string_view text, Emit&& emit) {
    isolate_runs(
        text, [](char32_t c) { return in_ranges(deepseek_east_asian, c); }, {},
        [&](std::string_view piece) { isolate_numbers(piece, 1, emit); });
}

template <class Emit>
void deepseek_llm_words(std::string_view text, Emit&& emit) {
    const auto rest = [&](std::string_view piece) { deepseek_rest(piece, emit); };
    const auto last_spaces = [&](std::string_view piece) { isolate_last_spaces(piece, rest); };
    const auto marks_and_ascii = [&](std::string_view piece) {
        isolate_runs(
            piece, [](char32_t c) { return in_ranges(deepseek_punctuation, c); }, {.may_have_space = true},
            last_spaces);
    };
    isolate_newlines(text, [&](std::string_view piece) {
        isolate_runs(
            piece, [](char32_t c) { return in_ranges(deepseek_letters, c); }, {.may_have_space = true},
            marks_and_ascii);
    });
}

template <class Emit>
void deepseek_coder_words(std::string_view text, Emit&& emit) {
    const auto rest = [&](std::string_view piece) { deepseek_rest(piece, emit); };
    const auto punctuation = [&](std::string_view piece) {
        isolate_runs(
            piece, [](char32_t c) { return in_set(set_of(char_class::punctuation), c); }, {.may_have_space = true},
            rest);
    };
    isolate_newlines(text, [&](std::string_view piece) {
        isolate_runs(
            piece, [](char32_t c) { return in_set(letters, c); }, {.may_have_space = true}, punctuation);
    });
}

/// Whether `c` is one of the 26 letters, in either case.
[[nodiscard]] constexpr bool is_ascii_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The end of the last pattern's match at `at`; `at` where there is none. Requires at < text.size().
[[nodiscard]] constexpr std::size_t deepseek_v3_word(std::string_view text, std::size_t at) noexcept {
    constexpr class_set solid = set_of(char_class::punctuation, char_class::symbol);
    constexpr class_set word = letters | marks;
    const unit first = unit_at(text, at);
    std::size_t end = at + first.length;
    if ((first.set & solid) && first.length == 1 && end < text.size() && is_ascii_letter(text[end])) {
        while (end < text.size() && is_ascii_letter(text[end])) ++end;
        return end;
    }
    if (first.set & word) return skip(text, end, word);
    const unit second = unit_at(text, end);
    if ((second.set & word) && !(first.set & solid) && !is_newline(text[at]))
        return skip(text, end + second.length, word);
    if ((first.set & solid) || (text[at] == ' ' && (second.set & solid))) {
        end = skip(text, end, solid);
        while (is_newline_at(text, end)) ++end;
        return end;
    }
    return (first.set & spaces) ? space_or_newline_run(text, at) : at;
}

template <class Emit>
void deepseek_v3_words(std::string_view text, Emit&& emit) {
    const auto words = [&](std::string_view piece) {
        std::size_t done = 0;  // what no match covers is a word too, up to the next match
        for (std::size_t at = 0; at < piece.size();) {
            const std::size_t end = deepseek_v3_word(piece, at);
            if (end == at) {
                at += unit_at(piece, at).length;
                continue;
            }
            if (at > done) emit(piece.substr(done, at - done));
            emit(piece.substr(at, end - at));
            at = done = end;
        }
        if (done < piece.size()) emit(piece.substr(done));
    };
    isolate_numbers(text, 3, [&](std::string_view piece) {
        isolate_runs(
            piece, [](char32_t c) { return in_ranges(deepseek_v3_east_asian, c); }, {}, words);
    });
}

}  // namespace pretokenizer_detail
NIBBLE_NAMESPACE_END
