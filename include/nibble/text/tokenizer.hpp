// SPDX-License-Identifier: Apache-2.0
// Text to tokens and back, byte for byte.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/text/vocabulary.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Choices that override what the vocabulary says. All have defaults.
struct tokenizer_options {
    std::string pretokenizer;           ///< a tag to use instead of the file's, e.g. "llama-bpe"; empty: the file's
    std::optional<bool> ignore_merges;  ///< a word that is a token is that token, whatever its merges say
    std::size_t max_text_bytes = std::size_t{64} << 20;  ///< longer text is errc::text_too_long; at most 2^31 - 1
};

struct encode_options {
    bool add_special = true;     ///< BOS before and EOS after, where the vocabulary asks for them
    bool parse_special = false;  ///< recognise control tokens in the text; never for text that a user typed
};

struct decode_options {
    bool special = false;            ///< show control tokens too
    bool strip_space_prefix = true;  ///< drop the one space that SentencePiece puts before a text
};

/// Immutable after construction: const methods from any thread. Owns all it needs.
class tokenizer {
public:
    explicit tokenizer(const vocabulary& vocab, const tokenizer_options& options = {});

    [[nodiscard]] std::vector<token> encode(std::string_view text, const encode_options& options = {}) const;
    /// The same, appended to `out`.
    void encode(std::string_view text, std::vector<token>& out, const encode_options& options = {}) const;

    [[nodiscard]] std::string decode(std::span<const token> tokens, const decode_options& options = {}) const;

    /// The bytes that one token adds to decoded text: none for a hidden control token. A piece may hold part of a
    /// character: collect pieces in a utf8_stream. Throws errc::ctx_bad_token for an id outside the vocabulary.
    [[nodiscard]] std::string_view piece(token id, const decode_options& options = {}) const;

    [[nodiscard]] std::size_t n_vocab() const noexcept;
    /// Ends a reply: eos, eot, and control tokens with a text known to end one (<|im_end|>, <|eot_id|>, </s>, ...).
    [[nodiscard]] bool is_eog(token id) const noexcept;
    /// Of type control.
    [[nodiscard]] bool is_control(token id) const noexcept;
    /// The token with exactly this text, special tokens first; lowest id where several have it.
    [[nodiscard]] std::optional<token> find(std::string_view text) const noexcept;

    [[nodiscard]] std::optional<token> bos() const noexcept;
    [[nodiscard]] std::optional<token> eos() const noexcept;
    [[nodiscard]] bool adds_bos() const noexcept;
    [[nodiscard]] bool adds_eos() const noexcept;
};

NIBBLE_NAMESPACE_END
