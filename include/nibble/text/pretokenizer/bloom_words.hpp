// SPDX-License-Identifier: Apache-2.0
// The split patterns of BLOOM and Viking: what stands between spaces, brackets and ends of sentences in many scripts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/pretokenizer/isolate.hpp>
#include <nibble/text/pretokenizer/scanner.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace pretokenizer_detail {

/// The length of a character of [^(\s|[.,!?…。，、।۔،])] at `at`: the class in the brackets is joined to the characters
/// around it, which have no meaning of their own there. 0 where there is none.
[[nodiscard]] constexpr std::size_t bloom_letter(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size()) return 0;
    std::uint32_t length = 1;
    const char32_t code_point = code_point_at(text, at, length);
    constexpr std::u32string_view others = U"(|).,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c";
    if (others.find(code_point) != others.npos || class_of(code_point) == char_class::space) return 0;
    return length;
}

/// The end of the word at `at`, or of what lies between two; requires at < text.size().
[[nodiscard]] constexpr std::size_t bloom_word(std::string_view text, std::size_t at) noexcept {
    const auto run = [text](std::size_t from) {
        while (const std::size_t length = bloom_letter(text, from)) from += length;
        return from;
    };
    const std::size_t blank = text[at] == ' ' ? 1 : 0;
    if (const std::size_t end = run(at + blank); end > at + blank) return end;
    for (;;) {
        at += unit_at(text, at).length;
        if (at == text.size() || bloom_letter(text, at) || (text[at] == ' ' && bloom_letter(text, at + 1))) return at;
    }
}

template <class Emit>
void viking_words(std::string_view text, Emit&& emit) {
    for (std::size_t at = 0, end = 0; at < text.size(); at = end) {
        end = bloom_word(text, at);
        isolate_numbers(text.substr(at, end - at), 1, emit);
    }
}

}  // namespace pretokenizer_detail
NIBBLE_NAMESPACE_END
