// SPDX-License-Identifier: Apache-2.0
// Text to tokens and back, byte for byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/bpe.hpp>
#include <nibble/text/fim_tokens.hpp>
#include <nibble/text/spm.hpp>
#include <nibble/text/token_set.hpp>
#include <nibble/text/vocabulary.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Choices that override what the vocabulary says. All have defaults.
struct tokenizer_options {
    std::string pretokenizer = {};            ///< a tag such as "llama-bpe" instead of the file's; empty: the file's
    std::vector<std::string> end_texts = {};  ///< of tokens that end a reply, besides those known to
    std::optional<bool> nfc = {};             ///< bring text into form C first; unset: as the pre-tokenizer has it
    std::optional<bool> ignore_merges = {};   ///< a word that is a token is that token, whatever its merges say
    std::size_t max_text_bytes = std::size_t{64} << 20;  ///< longer text is errc::text_too_long; at most 2^31 - 1
};

struct encode_options {
    bool add_special = true;     ///< BOS before and EOS after, where the vocabulary asks for them
    bool parse_special = false;  ///< recognise control tokens in the text; never for text that a user typed
    bool space_prefix = true;    ///< SentencePiece's space before the text, where the vocabulary asks for it
};

struct decode_options {
    bool special = false;            ///< show control tokens too
    bool strip_space_prefix = true;  ///< drop the space that SentencePiece puts before text, behind control tokens too
};

/// Immutable after construction: const methods from any thread. Owns all it needs.
///
/// Text is bytes: invalid UTF-8 is encoded byte by byte, and decode(encode(text)) is the text. Four exceptions, all of
/// the vocabulary's making: where its pre-tokenizer says so (qwen2 and a few others), text becomes its form C; bytes
/// for which it has neither token nor fallback are lost; SentencePiece cannot tell U+2581 from a space; control tokens
/// are shown only on demand. Of tokens with the same text the lowest id is what text becomes; all of them decode.
/// Tokens with empty text, and those of byte-level BPE that are not spelled in its alphabet, never come from text.
/// Control tokens come from text only with parse_special, user-defined tokens always do.
class tokenizer {
public:
    /// Throws error: vocab_missing, vocab_bad_type, vocab_length_mismatch, vocab_bad_merge, vocab_bad_byte_token,
    /// vocab_bad_token_id, model_bad_value, limit_exceeded, bad_option.
    explicit tokenizer(const vocabulary& vocab, const tokenizer_options& options = {});

    [[nodiscard]] std::vector<token> encode(std::string_view text, const encode_options& options = {}) const;

    /// The same, appended to `out`.
    void encode(std::string_view text, std::vector<token>& out, const encode_options& options = {}) const;

    /// The same for a text with seams, ascending offsets across which no special token is recognised, nor at one that
    /// is there twice. The text is still one: what is no special token is encoded as if there were no seams.
    void encode(std::string_view text, array_view<std::size_t> seams, std::vector<token>& out,
                const encode_options& options = {}) const;

    /// The pieces of the tokens, joined. Throws errc::ctx_bad_token for an id outside the vocabulary.
    [[nodiscard]] std::string decode(std::span<const token> tokens, const decode_options& options = {}) const;

    /// The bytes that one token adds to decoded text: none for a hidden control token. A piece may hold part of a
    /// character: collect pieces in a utf8_stream. Throws errc::ctx_bad_token for an id outside the vocabulary.
    [[nodiscard]] std::string_view piece(token id, const decode_options& options = {}) const;

    [[nodiscard]] std::size_t n_vocab() const noexcept { return tokens_.texts().size(); }
    /// Ends a reply: eos, eot, what turn_marks knows to end one (<|im_end|>, <|eot_id|>, </s>, ...), and end_texts.
    [[nodiscard]] bool is_eog(token id) const noexcept { return tokens_.has(id, token_set::ends_reply); }
    /// Of type control.
    [[nodiscard]] bool is_control(token id) const noexcept { return tokens_.has(id, token_set::control); }
    /// The token with exactly this text, special tokens first; the lowest id where several have it.
    [[nodiscard]] std::optional<token> find(std::string_view text) const noexcept { return tokens_.find(text); }

    [[nodiscard]] std::optional<token> bos() const noexcept { return bos_; }
    [[nodiscard]] std::optional<token> eos() const noexcept { return eos_; }
    /// What marks the parts of a prompt whose middle is to be filled in, if the vocabulary has all three.
    [[nodiscard]] const std::optional<fim_tokens>& fim() const noexcept { return fim_; }
    /// What add_special does.
    [[nodiscard]] bool adds_bos() const noexcept { return adds_bos_; }
    [[nodiscard]] bool adds_eos() const noexcept { return adds_eos_; }
    /// Merges of the file that can never apply, as they name texts that no token has.
    [[nodiscard]] std::size_t skipped_merges() const noexcept;

private:
    static void check_length(std::string_view text, std::size_t most);

    /// The ids that the vocabulary needs must name tokens. Where eos does not, the first known end of a reply is it.
    void set_special_ids(const vocabulary& vocab);

    /// What a byte becomes that has no token; no_token where that is a control token, which text would forge.
    [[nodiscard]] token token_of_unknown(const std::optional<token>& unknown) const noexcept;

    void build_bpe(const vocabulary& vocab, const tokenizer_options& options);

    void build_sentencepiece(const vocabulary& vocab);

    /// Text without special tokens; `starts_text`: not behind a user-defined token, which it would go on with.
    void encode_plain(std::string_view text, bool starts_text, merge_scratch& scratch, std::vector<token>& out) const;

    token_set tokens_;
    std::optional<byte_pair_encoder> byte_pairs_;  // one of the two
    std::optional<sentencepiece_encoder> sentencepiece_;
    std::optional<token> bos_, eos_;
    std::optional<fim_tokens> fim_;
    bool adds_bos_ = false, adds_eos_ = false, adds_space_prefix_ = false, nfc_ = false;
    std::size_t max_text_bytes_;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/text/tokenizer_impl.hpp>
#endif
