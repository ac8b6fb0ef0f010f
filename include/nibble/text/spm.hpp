// SPDX-License-Identifier: Apache-2.0
// SentencePiece BPE (tokenizer.ggml.model = "llama"): characters, merged by score, with bytes as the fallback.
// Kudo and Richardson, "SentencePiece", EMNLP 2018.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/token_table.hpp>

NIBBLE_NAMESPACE_BEGIN

struct merge_scratch;

/// How SentencePiece spells a space inside a token: U+2581.
inline constexpr std::string_view space_mark = "\xe2\x96\x81";

/// The byte of "<0xHH>", two capital hexadecimal digits; nothing for any other text.
[[nodiscard]] constexpr std::optional<std::uint8_t> parse_byte_token(std::string_view text) noexcept {
    if (text.size() != 6 || text.substr(0, 3) != "<0x" || text[5] != '>') return std::nullopt;
    unsigned value = 0;
    for (const char c : text.substr(3, 2)) {
        if (c >= '0' && c <= '9')
            value = value * 16 + static_cast<unsigned>(c - '0');
        else if (c >= 'A' && c <= 'F')
            value = value * 16 + static_cast<unsigned>(c - 'A' + 10);
        else
            return std::nullopt;
    }
    return static_cast<std::uint8_t>(value);
}

/// Writes `text` with every space mark as a space to `to` and returns the end: tokens are looked up and decoded in
/// this form.
NIBBLE_FUNCTION char* write_unmarked(std::string_view text, char* to) noexcept;

/// The scores of a vocabulary and what is made of one text with them. Holds no texts: every call is given the same
/// token_table.
class sentencepiece_encoder {
public:
    /// `texts` holds texts with spaces for space marks and has indexed the tokens that text may become. `bytes` are
    /// the byte tokens, no_token where one is missing: all are there, or, with `allow_missing_bytes`, none; what they
    /// are for then becomes `unknown`, or is left out if that is no_token.
    /// Throws errc::vocab_bad_byte_token, errc::model_bad_value (a score that is no number).
    sentencepiece_encoder(const token_table& texts, std::span<const float> scores, const std::array<token, 256>& bytes,
                          bool allow_missing_bytes, token unknown);

    /// Appends the tokens of `text`, in which spaces stand for space marks; shorter than 2^31 bytes.
    /// O(n log n), times the length of the longest token.
    void encode(std::string_view text, const token_table& texts, merge_scratch& scratch, std::vector<token>& out) const;

private:
    /// A number that is lower for a higher score, and equal for equal ones.
    static std::uint32_t rank_of(float score) noexcept;

    /// End of the word at `at`: spaces, then what is none, up to the next space. If no token goes on behind such an
    /// end, no merge does, and a text may be merged word by word.
    static std::size_t next_word(std::string_view text, std::size_t at) noexcept;

    void encode_word(std::string_view word, const token_table& texts, merge_scratch& scratch,
                     std::vector<token>& out) const;

    std::array<token, 256> bytes_;
    token unknown_;
    std::vector<std::uint32_t> ranks_;
    bool words_end_at_spaces_ = true;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/text/spm_impl.hpp>
#endif
