// SPDX-License-Identifier: Apache-2.0
// The pre-tokenizer deepseek-llm: six patterns, each cutting what the one before has left.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/pretokenizer/scanner.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace pretokenizer_detail {

struct code_range {
    char32_t first, last;
};

template <std::size_t N>
[[nodiscard]] constexpr bool in_ranges(const std::array<code_range, N>& ranges, char32_t code_point) noexcept {
    std::size_t low = 0, high = N;
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        if (code_point > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < N && code_point >= ranges[low].first;
}

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

/// Gives `next` the matches of (\s?)[ranges]+ and what lies between them, in order; \s? only with LeadingSpace.
template <bool LeadingSpace, std::size_t N, class Next>
void isolate_runs(std::string_view text, const std::array<code_range, N>& ranges, Next&& next) {
    std::size_t done = 0;                   // everything before has been given
    std::size_t space = std::string::npos;  // the character just before `at`, if it is a space behind `done`
    for (std::size_t at = 0; at < text.size();) {
        std::uint32_t length = 1;
        char32_t code_point = code_point_at(text, at, length);
        if (!in_ranges(ranges, code_point)) {
            space = class_of(code_point) == char_class::space ? at : std::string::npos;
            at += length;
            continue;
        }
        const std::size_t begin = LeadingSpace && space != std::string::npos ? space : at;
        while (in_ranges(ranges, code_point)) {
            at += length;
            if (at == text.size()) break;
            code_point = code_point_at(text, at, length);
        }
        if (begin > done) next(text.substr(done, begin - done));
        next(text.substr(begin, at - begin));
        done = at;
        space = std::string::npos;
    }
    if (done < text.size()) next(text.substr(done));
}

/// Gives `next` each character of the set alone and the stretches between.
template <class Next>
void isolate_characters(std::string_view text, class_set set, Next&& next) {
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
        const unit here = unit_at(text, at);
        if (here.set & set) {
            if (at > done) next(text.substr(done, at - done));
            next(text.substr(at, here.length));
            done = at + here.length;
        }
        at += here.length;
    }
    if (done < text.size()) next(text.substr(done));
}

/// \s+$ alone, and what stands before it.
template <class Next>
void isolate_last_spaces(std::string_view text, Next&& next) {
    std::size_t begin = text.size();
    while (begin > 0) {
        std::size_t last = begin - 1;
        while (last > 0 && (static_cast<std::uint8_t>(text[last]) & 0xc0u) == 0x80u && begin - last < 4) --last;
        const unit here = unit_at(text, last);
        if (!(here.set & spaces) || last + here.length != begin) break;
        begin = last;
    }
    if (begin > 0) next(text.substr(0, begin));
    if (begin < text.size()) next(text.substr(begin));
}

template <class Emit>
void deepseek_words(std::string_view text, Emit&& emit) {
    const auto digits = [&](std::string_view piece) { isolate_characters(piece, numbers, emit); };
    const auto east_asian = [&](std::string_view piece) { isolate_runs<false>(piece, deepseek_east_asian, digits); };
    const auto last_spaces = [&](std::string_view piece) { isolate_last_spaces(piece, east_asian); };
    const auto marks_and_ascii = [&](std::string_view piece) {
        isolate_runs<true>(piece, deepseek_punctuation, last_spaces);
    };
    const auto cased = [&](std::string_view piece) { isolate_runs<true>(piece, deepseek_letters, marks_and_ascii); };
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!is_newline(text[at])) continue;
        if (at > done) cased(text.substr(done, at - done));
        cased(text.substr(at, 1));
        done = at + 1;
    }
    if (done < text.size()) cased(text.substr(done));
}

}  // namespace pretokenizer_detail
NIBBLE_NAMESPACE_END
