// SPDX-License-Identifier: Apache-2.0
// Cuts a text into the words inside which byte-level BPE merges: the split patterns of tokenizers as linear scanners.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/pretokenizer/bloom_words.hpp>
#include <nibble/text/pretokenizer/cased_words.hpp>
#include <nibble/text/pretokenizer/deepseek_words.hpp>
#include <nibble/text/pretokenizer/digit_groups.hpp>
#include <nibble/text/pretokenizer/gpt2_words.hpp>
#include <nibble/text/pretokenizer/isolate.hpp>
#include <nibble/text/pretokenizer/llama_words.hpp>
#include <nibble/text/pretokenizer/scanner.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The patterns, named after the first tag that had them. Alternatives are tried in order, the first that matches wins;
/// \s is White_Space, no pattern sees beyond the text it is given. Of several patterns each cuts the pieces that the
/// one before has left; what no alternative matches is a piece too.
enum class pretokenizer : std::uint8_t {
    /// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*
    /// |\s*[\r\n]+|\s+(?!\S)|\s+
    llama_bpe,
    /// llama_bpe with \p{N} in place of \p{N}{1,3}
    qwen2,
    /// qwen2 with marks as letters: [^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+ and [^\s\p{L}\p{M}\p{N}]+
    qwen35,
    /// qwen2 with ?[^\s\p{L}\p{N}]+ in place of ?[^\s\p{L}\p{N}]+[\r\n]*
    seed_coder,
    /// qwen2 with [^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+, | ?[^\s\p{L}\p{N}]+[\r\n/]? and |\s*[\r\n]:
    /// words
    /// with single spaces between them are one
    exaone_moe,
    /// \p{N}{1,3}, then llama_bpe
    minicpm5,
    /// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    gpt_2,
    /// \p{N}, then gpt_2
    smollm,
    /// [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+
    /// |[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*
    /// |\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
    tekken,
    /// tekken with (?i:'s|'t|'re|'ve|'m|'ll|'d)? behind the letters and \p{N}{1,3} in place of \p{N}
    gpt_4o,
    /// [\p{Han}]+|gpt_4o, with && [^\p{Han}] in the classes of its letters and [\r\n]* in place of [\r\n/]*
    kimi_k2,
    /// \d{1,3}(?=(?:\d{3})*\b), then gpt_4o
    tiny_aya,
    ///  ?[^(\s|[.,!?…。，、।۔،])]+
    bloom,
    /// bloom, then \p{N}
    viking,
    /// \p{N}+, then (?=(\d{3})+(?!\d)), which matches nothing and cuts there: words are not cut apart
    superbpe,
    /// Six patterns: [\r\n], \s?[cased letters]+, \s?[!-/:-~！-／：-～‘-‟　-。]+, \s+$,
    /// [一-龥ࠀ-一가-퟿]+, \p{N}. The last is "Digits" with "individual_digits" in the tokenizer file of
    /// deepseek-llm-7b-base; llama.cpp has \p{N}+.
    deepseek_llm,
    /// [\r\n], \s?\p{L}+, \s?\p{P}+, [一-龥ࠀ-一가-퟿]+, \p{N}
    deepseek_coder,
    /// \p{N}{1,3}, [一-龥぀-ゟ゠-ヿ]+, then [ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+
    /// | ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
    deepseek_v3,
};

/// Calls emit(std::string_view) with each word of `text`, in order; the words joined are the text. Linear in the
/// text, no allocation, no recursion. Any bytes: those that are no UTF-8 count as one character each, neither letter
/// nor number nor space.
template <class Emit>
void split_words(pretokenizer pattern, std::string_view text, Emit&& emit) {
    namespace detail = pretokenizer_detail;
    const auto scan = [&](std::string_view piece, auto word_end) {
        for (std::size_t at = 0; at < piece.size();) {
            const std::size_t end = word_end(piece, at);
            emit(piece.substr(at, end - at));
            at = end;
        }
    };
    const auto llama = [&](std::string_view piece, detail::llama_rules rules) {
        scan(piece, [rules](std::string_view t, std::size_t at) { return detail::llama_word(t, at, rules); });
    };
    const auto cased = [&](std::string_view piece, detail::cased_rules rules) {
        scan(piece, [rules](std::string_view t, std::size_t at) { return detail::cased_word(t, at, rules); });
    };
    switch (pattern) {
        case pretokenizer::llama_bpe: return llama(text, {.digits = 3});
        case pretokenizer::qwen2: return llama(text, {.digits = 1});
        case pretokenizer::qwen35:
            return llama(
                text,
                {.digits = 1, .words = detail::letters | detail::marks, .solids = detail::solids & ~detail::marks});
        case pretokenizer::seed_coder: return llama(text, {.digits = 1, .newlines = 0});
        case pretokenizer::exaone_moe: return llama(text, {.digits = 1, .newlines = 1, .phrases = true});
        case pretokenizer::minicpm5:
            return detail::isolate_numbers(text, 3, [&](std::string_view piece) { llama(piece, {.digits = 3}); });
        case pretokenizer::gpt_2: return scan(text, detail::gpt2_word<false>);
        case pretokenizer::smollm: return scan(text, detail::gpt2_word<true>);
        case pretokenizer::tekken: return cased(text, {.digits = 1, .contractions = false});
        case pretokenizer::gpt_4o: return cased(text, {.digits = 3, .contractions = true});
        case pretokenizer::kimi_k2:
            return cased(text, {.digits = 3, .contractions = true, .han_apart = true, .slashes = false});
        case pretokenizer::tiny_aya:
            return detail::isolate_digit_groups(
                text, [&](std::string_view piece) { cased(piece, {.digits = 3, .contractions = true}); });
        case pretokenizer::bloom: return scan(text, detail::bloom_word);
        case pretokenizer::viking: return detail::viking_words(text, emit);
        case pretokenizer::superbpe: return detail::superbpe_words(text, emit);
        case pretokenizer::deepseek_llm: return detail::deepseek_llm_words(text, emit);
        case pretokenizer::deepseek_coder: return detail::deepseek_coder_words(text, emit);
        case pretokenizer::deepseek_v3: return detail::deepseek_v3_words(text, emit);
    }
}

NIBBLE_NAMESPACE_END
