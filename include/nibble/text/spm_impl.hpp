// SPDX-License-Identifier: Apache-2.0
// Definitions of text/spm.hpp: scores into ranks, text into tokens.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/core/error.hpp>
#include <nibble/text/merge.hpp>
#include <nibble/text/spm.hpp>
#include <nibble/text/token_table.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION char* write_unmarked(std::string_view text, char* to) noexcept {
    for (;;) {
        const std::size_t at = std::min(text.find(space_mark), text.size());
        to += text.copy(to, at);
        if (at == text.size()) return to;
        *to++ = ' ';
        text.remove_prefix(at + space_mark.size());
    }
}

NIBBLE_FUNCTION sentencepiece_encoder::sentencepiece_encoder(const token_table& texts, std::span<const float> scores,
                                                             const std::array<token, 256>& bytes,
                                                             bool allow_missing_bytes, token unknown)
    : bytes_(bytes), unknown_(unknown) {
    const auto missing = std::find(bytes.begin(), bytes.end(), no_token);
    const bool none = all_of(bytes, [](token id) { return id == no_token; });
    if (missing != bytes.end() && !(none && allow_missing_bytes))
        throw error(errc::vocab_bad_byte_token, "tokenizer.ggml.tokens",
                    "256 byte tokens, or none and an unknown token",
                    "none for byte " + std::to_string(missing - bytes.begin()));
    ranks_.reserve(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (!std::isfinite(scores[i]))
            throw error(errc::model_bad_value, "tokenizer.ggml.scores[" + std::to_string(i) + "]", "a finite score",
                        std::to_string(scores[i]));
        ranks_.push_back(rank_of(scores[i]));
    }
    for (std::size_t i = 0; i < texts.size() && words_end_at_spaces_; ++i) {
        const auto id = static_cast<token>(i);
        words_end_at_spaces_ = !texts.is_indexed(id) || next_word(texts[id], 0) == texts[id].size();
    }
}

NIBBLE_FUNCTION void sentencepiece_encoder::encode(std::string_view text, const token_table& texts,
                                                   merge_scratch& scratch, std::vector<token>& out) const {
    if (!words_end_at_spaces_) return encode_word(text, texts, scratch, out);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = next_word(text, at);
        encode_word(text.substr(at, end - at), texts, scratch, out);
        at = end;
    }
}

NIBBLE_FUNCTION std::uint32_t sentencepiece_encoder::rank_of(float score) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(score + 0.0f);  // -0 becomes 0
    return bits & 0x80000000u ? bits : ~bits & 0x7fffffffu;
}

NIBBLE_FUNCTION std::size_t sentencepiece_encoder::next_word(std::string_view text, std::size_t at) noexcept {
    const std::size_t solid = text.find_first_not_of(' ', at);
    return solid == std::string_view::npos ? text.size() : std::min(text.find(' ', solid), text.size());
}

NIBBLE_FUNCTION void sentencepiece_encoder::encode_word(std::string_view word, const token_table& texts,
                                                        merge_scratch& scratch, std::vector<token>& out) const {
    if (word.empty()) return;
    auto& symbols = scratch.symbols;  // a symbol stands where its first byte is; the slots between are not used
    symbols.resize(word.size());
    std::uint32_t previous = merge_end;
    for (std::uint32_t at = 0; at < word.size();) {
        const utf8_unit unit = decode_utf8(word, at);
        const std::uint32_t length = unit.code_point == invalid_code_point ? 1 : unit.length;
        const std::uint32_t next = at + length < word.size() ? at + length : merge_end;
        symbols[at] = {no_token, previous, next, {}};
        previous = at;
        at += length;
    }
    const auto text_of = [&](std::uint32_t first, std::uint32_t last) {
        const std::uint32_t end = symbols[last].next;
        return word.substr(first, end == merge_end ? std::string_view::npos : end - first);
    };
    merge_symbols(scratch, [&](std::uint32_t left, std::uint32_t right) {
        const token id = texts.find(text_of(left, right));
        return id == no_token ? merged_pair{} : merged_pair::of(ranks_[static_cast<std::size_t>(id)], id);
    });
    for (std::uint32_t at = 0; at != merge_end; at = symbols[at].next) {
        const std::string_view text = text_of(at, at);
        token id = symbols[at].id;
        if (id == no_token) id = texts.find(text);
        if (id == no_token && bytes_[0] == no_token) id = unknown_;
        if (id != no_token)
            out.push_back(id);
        else if (bytes_[0] != no_token)
            for (const char byte : text) out.push_back(bytes_[static_cast<std::uint8_t>(byte)]);
    }
}

NIBBLE_NAMESPACE_END
