// SPDX-License-Identifier: Apache-2.0
// The tokens with which models for code are asked to fill in the middle: one table for all families.
#pragma once

#include <optional>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A prompt is: prefix, the text before; suffix, the text behind; middle. The model goes on with what belongs between.
struct fim_tokens {
    token prefix, suffix, middle;
};

/// The texts of these in the vocabulary of a family.
struct fim_texts {
    std::string_view prefix, suffix, middle;
};

inline constexpr fim_texts known_fim_texts[] = {
    {"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"},  // Qwen Coder, CodeGemma
    {"<fim_prefix>", "<fim_suffix>", "<fim_middle>"},        // StarCoder, Granite Code
    {"<fim-prefix>", "<fim-suffix>", "<fim-middle>"},        // SantaCoder
    {"\u2581<PRE>", "\u2581<SUF>", "\u2581<MID>"},           // CodeLlama, as control tokens and as others
    {" <PRE>", " <SUF>", " <MID>"},
    {"<\uff5cfim\u2581begin\uff5c>", "<\uff5cfim\u2581hole\uff5c>", "<\uff5cfim\u2581end\uff5c>"},  // DeepSeek Coder
};

/// The first of these whose three texts are tokens; `find` gives the token with a text, if there is one.
template <class Find>
[[nodiscard]] std::optional<fim_tokens> find_fim_tokens(Find find) {
    for (const fim_texts& texts : known_fim_texts) {
        const std::optional<token> prefix = find(texts.prefix), suffix = find(texts.suffix),
                                   middle = find(texts.middle);
        if (prefix && suffix && middle) return fim_tokens{*prefix, *suffix, *middle};
    }
    return std::nullopt;
}

NIBBLE_NAMESPACE_END
