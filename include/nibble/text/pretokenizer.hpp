// SPDX-License-Identifier: Apache-2.0
// Cuts a text into the words inside which byte-level BPE merges: the split patterns of tokenizers as linear scanners.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/unicode_tables.hpp>
#include <nibble/text/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The patterns, by the name that GGUF files use. Alternatives are tried in order, the first that matches wins;
/// \s is White_Space, no pattern sees beyond the text it is given.
enum class pretokenizer : std::uint8_t {
    /// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
    llama_bpe,
    /// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    gpt_2,
    /// each \p{N} by itself, then gpt_2 on what lies between
    smollm,
    /// llama_bpe with \p{N} in place of \p{N}{1,3}
    qwen2,
    /// [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+
    /// |[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*
    /// |\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
    tekken,
    /// Six patterns in turn, each cutting the pieces of the one before: [\r\n], \s?[cased letters]+,
    /// \s?[!-/:-~！-／：-～‘-‟　-。]+, \s+$, [一-龥ࠀ-一가-퟿]+, \p{N}
    deepseek_llm,
};

/// What a value of `tokenizer.ggml.pre` stands for: the pattern, and what holds where the file does not say.
struct pretokenizer_tag {
    std::string_view name;
    pretokenizer pattern;
    bool adds_bos;
    bool ignore_merges;
};

inline constexpr std::array pretokenizer_tags{
    pretokenizer_tag{"llama-bpe", pretokenizer::llama_bpe, true, true},
    pretokenizer_tag{"llama3", pretokenizer::llama_bpe, true, true},
    pretokenizer_tag{"llama-v3", pretokenizer::llama_bpe, true, true},
    pretokenizer_tag{"falcon3", pretokenizer::llama_bpe, true, true},
    pretokenizer_tag{"falcon-h1", pretokenizer::llama_bpe, true, true},
    pretokenizer_tag{"pixtral", pretokenizer::llama_bpe, true, true},
    pretokenizer_tag{"lfm2", pretokenizer::llama_bpe, true, true},
    pretokenizer_tag{"smaug-bpe", pretokenizer::llama_bpe, false, true},
    pretokenizer_tag{"dbrx", pretokenizer::llama_bpe, false, false},
    pretokenizer_tag{"smollm", pretokenizer::smollm, false, false},
    pretokenizer_tag{"starcoder", pretokenizer::smollm, false, false},
    pretokenizer_tag{"refact", pretokenizer::smollm, false, false},
    pretokenizer_tag{"command-r", pretokenizer::smollm, false, false},
    pretokenizer_tag{"codeshell", pretokenizer::smollm, false, false},
    pretokenizer_tag{"exaone", pretokenizer::smollm, false, false},
    pretokenizer_tag{"minerva-7b", pretokenizer::smollm, false, false},
    pretokenizer_tag{"gpt-2", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"gpt2", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"default", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"phi-2", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"mpt", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"olmo", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"jais", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"qwen2", pretokenizer::qwen2, false, false},
    pretokenizer_tag{"deepseek-r1-qwen", pretokenizer::qwen2, false, false},
    pretokenizer_tag{"stablelm2", pretokenizer::qwen2, false, false},
    pretokenizer_tag{"megrez", pretokenizer::qwen2, false, false},
    pretokenizer_tag{"tekken", pretokenizer::tekken, true, true},
    pretokenizer_tag{"deepseek-llm", pretokenizer::deepseek_llm, false, false},
};

/// The entry for a tag, or nullptr.
[[nodiscard]] constexpr const pretokenizer_tag* find_pretokenizer(std::string_view name) noexcept {
    for (const auto& tag : pretokenizer_tags)
        if (tag.name == name) return &tag;
    return nullptr;
}

/// All tags, for messages.
[[nodiscard]] inline std::string known_pretokenizers() {
    std::string names;
    for (const auto& tag : pretokenizer_tags) names.append(names.empty() ? "" : ", ").append(tag.name);
    return names;
}

namespace pretokenizer_detail {

/// A set of character classes: bit c is char_class c.
using class_set = std::uint32_t;

template <class... Classes>
constexpr class_set set_of(Classes... classes) {
    return (... | (class_set{1} << static_cast<unsigned>(classes)));
}

inline constexpr class_set letters = set_of(char_class::upper, char_class::lower, char_class::letter);
inline constexpr class_set numbers = set_of(char_class::number);
inline constexpr class_set marks = set_of(char_class::mark);
inline constexpr class_set spaces = set_of(char_class::space);
/// [^\s\p{L}\p{N}]. Bytes that are no UTF-8 are here too, each a character of its own.
inline constexpr class_set solids =
    set_of(char_class::other, char_class::mark, char_class::punctuation, char_class::symbol);

/// A byte below 0x80 -> the set that holds just its class; other bytes -> the empty set.
inline constexpr std::array<class_set, 256> ascii_sets = [] {
    std::array<class_set, 256> sets{};
    for (char32_t c = 0; c < 0x80; ++c) sets[c] = set_of(class_of(c));
    return sets;
}();

struct unit {
    class_set set;        ///< one bit; none at the end of the text
    std::uint32_t length;  ///< bytes; 0 at the end of the text
};

[[nodiscard]] constexpr char32_t code_point_at(std::string_view text, std::size_t at, std::uint32_t& length) noexcept {
    const utf8_unit decoded = decode_utf8(text, at);
    length = decoded.code_point == invalid_code_point ? 1 : decoded.length;
    return decoded.code_point;
}

[[nodiscard]] constexpr unit unit_at(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size()) return {0, 0};
    const auto byte = static_cast<std::uint8_t>(text[at]);
    if (byte < 0x80) return {ascii_sets[byte], 1};
    std::uint32_t length = 1;
    const char32_t code_point = code_point_at(text, at, length);
    return {set_of(class_of(code_point)), length};
}

/// End of the longest run of characters of `set` from `at`.
[[nodiscard]] constexpr std::size_t skip(std::string_view text, std::size_t at, class_set set) noexcept {
    while (at < text.size()) {
        const auto byte = static_cast<std::uint8_t>(text[at]);
        if ((ascii_sets[byte] & set) != 0) {
            ++at;
            continue;
        }
        if (byte < 0x80) break;
        const unit next = unit_at(text, at);
        if ((next.set & set) == 0) break;
        at += next.length;
    }
    return at;
}

[[nodiscard]] constexpr bool is_newline(char c) noexcept { return c == '\r' || c == '\n'; }

[[nodiscard]] constexpr bool is_newline_at(std::string_view text, std::size_t at) noexcept {
    return at < text.size() && is_newline(text[at]);
}

/// Length of 's 't 're 've 'm 'll 'd at `at`, where text[at] is the apostrophe; 0 if there is none. With AnyCase also
/// capitals and, as case folding has it, U+017F for s.
template <bool AnyCase>
[[nodiscard]] constexpr std::size_t contraction_at(std::string_view text, std::size_t at) noexcept {
    const auto letter = [&](std::size_t i) {
        const char c = at + i < text.size() ? text[at + i] : '\0';
        return AnyCase && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    };
    const char first = letter(1), second = letter(2);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
    if ((first == 'r' || first == 'v') && second == 'e') return 3;
    if (first == 'l' && second == 'l') return 3;
    if (AnyCase && first == '\xc5' && second == '\xbf') return 3;
    return 0;
}

/// \s+(?!\S)|\s+ for the run of spaces text[at, end): all of it at the end of the text, else all but the last
/// character, which goes with what follows, but at least one.
[[nodiscard]] constexpr std::size_t space_run(std::string_view text, std::size_t at, std::size_t end,
                                              bool at_end_of_text) noexcept {
    if (at_end_of_text) return end;
    std::size_t last = end - 1;
    while ((static_cast<std::uint8_t>(text[last]) & 0xc0u) == 0x80u) --last;
    return last > at ? last : end;
}

/// \s*[\r\n]+|\s+(?!\S)|\s+ where text[at] is a space.
[[nodiscard]] constexpr std::size_t space_or_newline_run(std::string_view text, std::size_t at) noexcept {
    const std::size_t end = skip(text, at, spaces);
    for (std::size_t i = end; i > at; --i)
        if (is_newline(text[i - 1])) return i;
    return space_run(text, at, end, end == text.size());
}

/// Each scanner gives the end of the word that starts at `at`; requires at < text.size().

template <int MaxDigits>
[[nodiscard]] constexpr std::size_t llama_word(std::string_view text, std::size_t at) noexcept {
    if (text[at] == '\'')
        if (const std::size_t length = contraction_at<true>(text, at)) return at + length;
    const unit first = unit_at(text, at);
    std::size_t end = at + first.length;
    if (first.set & letters) return skip(text, end, letters);
    if (first.set & numbers) {
        for (int digits = 1; digits < MaxDigits; ++digits) {
            const unit next = unit_at(text, end);
            if (!(next.set & numbers)) break;
            end += next.length;
        }
        return end;
    }
    const unit second = unit_at(text, end);
    if ((second.set & letters) && !is_newline(text[at])) return skip(text, end + second.length, letters);
    if ((first.set & solids) || (text[at] == ' ' && (second.set & solids))) {
        end = skip(text, end, solids);
        while (is_newline_at(text, end)) ++end;
        return end;
    }
    return space_or_newline_run(text, at);
}

/// With Digits a number is a word by itself and the end of the text for what stands before it.
template <bool Digits>
[[nodiscard]] constexpr std::size_t gpt2_word(std::string_view text, std::size_t at) noexcept {
    if (text[at] == '\'')
        if (const std::size_t length = contraction_at<false>(text, at)) return at + length;
    const unit first = unit_at(text, at);
    const unit second = text[at] == ' ' ? unit_at(text, at + 1) : unit{0, 0};
    const class_set kind = second.length != 0 && !(second.set & spaces) ? second.set : first.set;
    const std::size_t start = at + first.length;
    if (kind & letters) return skip(text, start, letters);
    if (kind & solids) return skip(text, start, solids);
    if (kind & numbers) {
        if (!Digits) return skip(text, start, numbers);
        return start;  // the number itself, or the one space before it
    }
    const std::size_t end = skip(text, start, spaces);
    const bool at_end = end == text.size() || (Digits && (unit_at(text, end).set & numbers));
    return space_run(text, at, end, at_end);
}

/// The two alternatives for letters overlap in Lm, Lo and M, so a match may have to give characters back: the upper
/// run takes all it can; if no lower letter follows, the match ends behind the run's last character of the overlap.
[[nodiscard]] constexpr std::size_t tekken_word(std::string_view text, std::size_t at) noexcept {
    constexpr class_set overlap = set_of(char_class::letter, char_class::mark);
    constexpr class_set uppers = overlap | set_of(char_class::upper);
    constexpr class_set lowers = overlap | set_of(char_class::lower);
    const unit first = unit_at(text, at);
    const std::size_t second_at = at + first.length;
    if (first.set & numbers) return second_at;
    if (!is_newline(text[at])) {
        std::size_t end = first.set & letters ? at : second_at;
        const std::size_t start = end;
        std::size_t overlap_end = 0;
        unit next = unit_at(text, end);
        for (; next.set & uppers; next = unit_at(text, end)) {
            end += next.length;
            if (next.set & overlap) overlap_end = end;
        }
        if (next.set & lowers) return skip(text, end, lowers);
        if (overlap_end != 0) return overlap_end;
        if (first.set & marks) return second_at;  // not the prefix, but a word of the first alternative
        if (end > start) return end;
    }
    if ((first.set & solids) || (text[at] == ' ' && (unit_at(text, second_at).set & solids))) {
        std::size_t end = skip(text, second_at, solids);
        while (is_newline_at(text, end) || (end < text.size() && text[end] == '/')) ++end;
        return end;
    }
    return space_or_newline_run(text, at);
}

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
inline constexpr std::array deepseek_punctuation{
    code_range{U'!', U'/'},       code_range{U':', U'~'},       code_range{0x2018, 0x201f},
    code_range{0x3000, 0x3002},   code_range{0xff01, 0xff0f},   code_range{0xff1a, 0xff5e},
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
    const auto punctuation = [&](std::string_view piece) { isolate_runs<true>(piece, deepseek_punctuation, last_spaces); };
    const auto cased = [&](std::string_view piece) { isolate_runs<true>(piece, deepseek_letters, punctuation); };
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

/// Calls emit(std::string_view) with each word of `text`, in order; the words joined are the text. Linear in the
/// text, no allocation, no recursion. Any bytes: those that are no UTF-8 count as one character each, neither letter
/// nor number nor space.
template <class Emit>
void split_words(pretokenizer pattern, std::string_view text, Emit&& emit) {
    const auto scan = [&](auto word_end) {
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = word_end(text, at);
            emit(text.substr(at, end - at));
            at = end;
        }
    };
    namespace detail = pretokenizer_detail;
    switch (pattern) {
        case pretokenizer::llama_bpe: return scan([](auto t, auto at) { return detail::llama_word<3>(t, at); });
        case pretokenizer::gpt_2: return scan([](auto t, auto at) { return detail::gpt2_word<false>(t, at); });
        case pretokenizer::smollm: return scan([](auto t, auto at) { return detail::gpt2_word<true>(t, at); });
        case pretokenizer::qwen2: return scan([](auto t, auto at) { return detail::llama_word<1>(t, at); });
        case pretokenizer::tekken: return scan([](auto t, auto at) { return detail::tekken_word(t, at); });
        case pretokenizer::deepseek_llm: return detail::deepseek_words(text, emit);
    }
}

NIBBLE_NAMESPACE_END
