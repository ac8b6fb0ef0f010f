// SPDX-License-Identifier: Apache-2.0
// Cuts a text into the words inside which byte-level BPE merges: the split patterns of tokenizers as linear scanners.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/pretokenizer/deepseek_words.hpp>
#include <nibble/text/pretokenizer/scanner.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The patterns, by the name that GGUF files use. Alternatives are tried in order, the first that matches wins;
/// \s is White_Space, no pattern sees beyond the text it is given.
enum class pretokenizer : std::uint8_t {
    /// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*
    /// |\s*[\r\n]+|\s+(?!\S)|\s+
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
    /// \s?[!-/:-~！-／：-～‘-‟　-。]+, \s+$, [一-龥ࠀ-一가-퟿]+, \p{N}. The last is "Digits" with
    /// "individual_digits" in the tokenizer file of deepseek-llm-7b-base; llama.cpp has \p{N}+.
    deepseek_llm,
};

/// What a value of `tokenizer.ggml.pre` stands for: the pattern, and what holds where the file does not say.
struct pretokenizer_tag {
    std::string_view name;
    pretokenizer pattern;
    bool adds_bos;
    bool ignore_merges;
    bool nfc = false;  ///< texts are brought into Unicode's form C first
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
    pretokenizer_tag{"command-r", pretokenizer::smollm, false, false, true},
    pretokenizer_tag{"codeshell", pretokenizer::smollm, false, false},
    pretokenizer_tag{"exaone", pretokenizer::smollm, false, false},
    pretokenizer_tag{"minerva-7b", pretokenizer::smollm, false, false},
    pretokenizer_tag{"gpt-2", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"gpt2", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"default", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"phi-2", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"mpt", pretokenizer::gpt_2, false, false, true},
    pretokenizer_tag{"olmo", pretokenizer::gpt_2, false, false, true},
    pretokenizer_tag{"jais", pretokenizer::gpt_2, false, false},
    pretokenizer_tag{"qwen2", pretokenizer::qwen2, false, false, true},
    pretokenizer_tag{"deepseek-r1-qwen", pretokenizer::qwen2, false, false, true},
    pretokenizer_tag{"stablelm2", pretokenizer::qwen2, false, false, true},
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
