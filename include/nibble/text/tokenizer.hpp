// SPDX-License-Identifier: Apache-2.0
// Text to tokens and back, byte for byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/bpe.hpp>
#include <nibble/text/fim_tokens.hpp>
#include <nibble/text/merge.hpp>
#include <nibble/text/pretokenizer/tags.hpp>
#include <nibble/text/special_tokens.hpp>
#include <nibble/text/spm.hpp>
#include <nibble/text/token_set.hpp>
#include <nibble/text/turn_marks.hpp>
#include <nibble/text/vocabulary.hpp>
#include <nibble/unicode/nfc.hpp>

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
    explicit tokenizer(const vocabulary& vocab, const tokenizer_options& options = {})
        : tokens_(vocab), max_text_bytes_(options.max_text_bytes) {
        if (max_text_bytes_ > 0x7fffffffu)
            throw error(errc::bad_option, "max_text_bytes", "at most 2147483647", std::to_string(max_text_bytes_));
        const bool sentencepiece = vocab.model == "llama";
        if (sentencepiece)
            build_sentencepiece(vocab);
        else
            build_bpe(vocab, options);
        set_special_ids(vocab);
        for (const auto& text : options.end_texts) {
            const auto id = find(text);
            if (!id)
                throw error(errc::bad_option, "option end_texts", "the text of a token", '"' + escaped(text) + '"');
            tokens_.set(*id, token_set::ends_reply);
        }
    }

    [[nodiscard]] std::vector<token> encode(std::string_view text, const encode_options& options = {}) const {
        std::vector<token> out;
        out.reserve(text.size() / 4 + 8);
        encode(text, out, options);
        return out;
    }

    /// The same, appended to `out`.
    void encode(std::string_view text, std::vector<token>& out, const encode_options& options = {}) const {
        encode(text, {}, out, options);
    }

    /// The same for a text with seams, ascending offsets across which no special token is recognised, nor at one that
    /// is there twice. The text is still one: what is no special token is encoded as if there were no seams.
    void encode(std::string_view text, std::span<const std::size_t> seams, std::vector<token>& out,
                const encode_options& options = {}) const {
        check_length(text, max_text_bytes_);
        if (options.add_special && adds_bos_) out.push_back(*bos_);
        merge_scratch scratch;
        std::vector<special_tokens::match> matches;
        tokens_.specials().find_all(text, seams, options.parse_special, matches);
        std::size_t done = 0;
        bool starts_text = options.space_prefix;  // a user-defined token is part of its text, a control token ends one
        for (const auto& match : matches) {
            encode_plain(text.substr(done, match.begin - done), starts_text, scratch, out);
            out.push_back(match.id);
            done = match.begin + match.length;
            starts_text = is_control(match.id);
        }
        encode_plain(text.substr(done), starts_text, scratch, out);
        if (options.add_special && adds_eos_) out.push_back(*eos_);
    }

    /// The pieces of the tokens, joined. Throws errc::ctx_bad_token for an id outside the vocabulary.
    [[nodiscard]] std::string decode(std::span<const token> tokens, const decode_options& options = {}) const {
        std::string out;
        bool starts_text = true;
        for (const token id : tokens) {
            std::string_view bytes = piece(id, options);
            if (is_control(id)) {
                starts_text = true;
            } else if (!bytes.empty()) {
                const bool has_prefix = starts_text && bytes.front() == ' ' && !tokens_.has(id, token_set::verbatim);
                if (has_prefix && adds_space_prefix_ && options.strip_space_prefix) bytes.remove_prefix(1);
                starts_text = false;
            }
            out += bytes;
        }
        return out;
    }

    /// The bytes that one token adds to decoded text: none for a hidden control token. A piece may hold part of a
    /// character: collect pieces in a utf8_stream. Throws errc::ctx_bad_token for an id outside the vocabulary.
    [[nodiscard]] std::string_view piece(token id, const decode_options& options = {}) const {
        if (id < 0 || static_cast<std::size_t>(id) >= n_vocab())
            throw error(errc::ctx_bad_token, "token", "0 to " + std::to_string(n_vocab() - 1), std::to_string(id));
        return !options.special && tokens_.has(id, token_set::hidden) ? std::string_view{} : tokens_.texts()[id];
    }

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
    [[nodiscard]] std::size_t skipped_merges() const noexcept {
        const auto* bpe = std::get_if<byte_pair_encoder>(&encoder_);
        return bpe ? bpe->skipped_merges() : 0;
    }

private:
    static void check_length(std::string_view text, std::size_t most) {
        if (text.size() > most)
            throw error(errc::text_too_long, "text", "at most " + std::to_string(most) + " bytes",
                        std::to_string(text.size()));
    }

    /// The ids that the vocabulary needs must name tokens. Where eos does not, the first known end of a reply is it.
    void set_special_ids(const vocabulary& vocab) {
        const special_ids ids = special_ids_of(vocab);
        const bool states_bos = vocab.add_bos || vocab.bos.value_or(-1) >= 0;
        require_token_id(adds_bos_ && states_bos, ids.bos, vocab.bos, "bos");
        bos_ = ids.bos;
        adds_bos_ = adds_bos_ && bos_;
        eos_ = ids.eos;
        for (const turn_mark& mark : turn_marks)
            if (const auto id = find(mark.text); !eos_ && vocab.eos && id && is_eog(*id)) eos_ = id;
        fim_ = ids.fim ? ids.fim : find_fim_tokens([this](std::string_view text) { return find(text); });
        adds_eos_ = vocab.add_eos.value_or(false);
        require_token_id(adds_eos_, eos_, vocab.eos, "eos");
        for (const auto& id : {eos_, ids.eot})
            if (id) tokens_.set(*id, token_set::ends_reply);
    }

    /// What a byte becomes that has no token; no_token where that is a control token, which text would forge.
    [[nodiscard]] token token_of_unknown(const std::optional<token>& unknown) const noexcept {
        return unknown && !is_control(*unknown) ? *unknown : no_token;
    }

    void build_bpe(const vocabulary& vocab, const tokenizer_options& options) {
        const bool chosen = !options.pretokenizer.empty();
        std::string_view name = chosen ? options.pretokenizer : vocab.pre;
        if (name.empty()) name = "default";
        const pretokenizer_tag* tag = find_pretokenizer(name);
        if (!tag)
            throw error(errc::vocab_bad_type, chosen ? "option pretokenizer" : "tokenizer.ggml.pre",
                        "a known tag; option pretokenizer (--pre) takes " + std::string(nearest_pretokenizer(name)) +
                            ", the nearest, or another of " + known_pretokenizers(),
                        '"' + escaped(name) + '"');
        adds_bos_ = vocab.add_bos.value_or(tag->adds_bos);
        nfc_ = options.nfc.value_or(tag->nfc);
        const bool ignore_merges = options.ignore_merges.value_or(vocab.ignore_merges.value_or(tag->ignore_merges));
        const auto unknown = special_ids_of(vocab).unknown;
        const byte_pair_encoder::settings settings{tag->pattern, ignore_merges, unknown.has_value(),
                                                   token_of_unknown(unknown)};
        encoder_.emplace<byte_pair_encoder>(tokens_.texts(), vocab.merges, settings);
    }

    void build_sentencepiece(const vocabulary& vocab) {
        adds_bos_ = vocab.add_bos.value_or(true);
        adds_space_prefix_ = vocab.add_space_prefix.value_or(true);
        const auto unknown = special_ids_of(vocab).unknown;
        std::vector<float> scores = vocab.scores;  // user-defined tokens merge first, at 0; files have -1000 for them
        for (std::size_t i = 0; i < scores.size(); ++i)
            if (type_of(vocab, i) == token_type::user_defined) scores[i] = 0;
        encoder_.emplace<sentencepiece_encoder>(tokens_.texts(), scores, tokens_.bytes(), unknown.has_value(),
                                                token_of_unknown(unknown));
    }

    /// Text without special tokens; `starts_text`: not behind a user-defined token, which it would go on with.
    void encode_plain(std::string_view text, bool starts_text, merge_scratch& scratch, std::vector<token>& out) const {
        if (text.empty()) return;
        if (const auto* bpe = std::get_if<byte_pair_encoder>(&encoder_)) {
            std::string normalised;
            if (nfc_ && !is_surely_nfc(text)) {
                normalised = to_nfc(text);
                check_length(normalised, 0x7fffffffu);
                text = normalised;
            }
            bpe->encode(text, tokens_.texts(), scratch, out);
        } else if (const auto* sentencepiece = std::get_if<sentencepiece_encoder>(&encoder_)) {
            std::string spaced(text.size() + 1, ' ');
            char* const begin = spaced.data() + (adds_space_prefix_ && starts_text ? 1 : 0);
            spaced.resize(static_cast<std::size_t>(write_unmarked(text, begin) - spaced.data()));
            sentencepiece->encode(spaced, tokens_.texts(), scratch, out);
        }
    }

    token_set tokens_;
    std::variant<std::monostate, byte_pair_encoder, sentencepiece_encoder> encoder_;
    std::optional<token> bos_, eos_;
    std::optional<fim_tokens> fim_;
    bool adds_bos_ = false, adds_eos_ = false, adds_space_prefix_ = false, nfc_ = false;
    std::size_t max_text_bytes_;
};

NIBBLE_NAMESPACE_END
