// SPDX-License-Identifier: Apache-2.0
// The steps of pre-tokenizers that cut matches out of a text: what lies between is given on too, for the next step.
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

/// `ranges` are ascending.
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

[[nodiscard]] constexpr bool in_set(class_set set, char32_t code_point) noexcept {
    return (set_of(class_of(code_point)) & set) != 0;
}

struct run_limits {
    bool may_have_space = false;  ///< \s? before it
    std::size_t most = static_cast<std::size_t>(-1);
};

/// Gives `next` the runs of characters that `belongs(code_point)` and what lies between, in order.
template <class Belongs, class Next>
void isolate_runs(std::string_view text, Belongs&& belongs, const run_limits& limits, Next&& next) {
    std::size_t done = 0;                        // everything before has been given
    std::size_t space = std::string_view::npos;  // the character just before `at`, if it is a space behind `done`
    for (std::size_t at = 0; at < text.size();) {
        std::uint32_t length = 1;
        char32_t code_point = code_point_at(text, at, length);
        if (!belongs(code_point)) {
            space = in_set(spaces, code_point) ? at : std::string_view::npos;
            at += length;
            continue;
        }
        const std::size_t begin = limits.may_have_space && space != std::string_view::npos ? space : at;
        for (std::size_t n = 0; n < limits.most && belongs(code_point); ++n) {
            at += length;
            if (at == text.size()) break;
            code_point = code_point_at(text, at, length);
        }
        if (begin > done) next(text.substr(done, begin - done));
        next(text.substr(begin, at - begin));
        done = at;
        space = std::string_view::npos;
    }
    if (done < text.size()) next(text.substr(done));
}

/// \p{N}{1,most}
template <class Next>
void isolate_numbers(std::string_view text, std::size_t most, Next&& next) {
    isolate_runs(
        text, [](char32_t c) { return in_set(numbers, c); }, {.most = most}, next);
}

/// Each \r and \n alone.
template <class Next>
void isolate_newlines(std::string_view text, Next&& next) {
    isolate_runs(
        text, [](char32_t c) { return c == U'\r' || c == U'\n'; }, {.most = 1}, next);
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

}  // namespace pretokenizer_detail
NIBBLE_NAMESPACE_END
