// SPDX-License-Identifier: Apache-2.0
// Definitions of text/tokenizer.hpp: from a vocabulary to a tokenizer, from text to tokens and back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/error.hpp>
#include <nibble/text/bpe.hpp>
#include <nibble/text/fim_tokens.hpp>
#include <nibble/text/merge.hpp>
#include <nibble/text/pretokenizer/tags.hpp>
#include <nibble/text/special_tokens.hpp>
#include <nibble/text/spm.hpp>
#include <nibble/text/tokenizer.hpp>
#include <nibble/text/turn_marks.hpp>
#include <nibble/unicode/nfc.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION tokenizer::tokenizer(const vocabulary& vocab, const tokenizer_options& options)
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
        if (!id) throw error(errc::bad_option, "option end_texts", "the text of a token", '"' + escaped(text) + '"');
        tokens_.set(*id, token_set::ends_reply);
    }
}

NIBBLE_FUNCTION std::vector<token> tokenizer::encode(std::string_view text, const encode_options& options) const {
    std::vector<token> out;
    out.reserve(text.size() / 4 + 8);
    encode(text, out, options);
    return out;
}

NIBBLE_FUNCTION void tokenizer::encode(std::string_view text, std::vector<token>& out,
                                       const encode_options& options) const {
    encode(text, {}, out, options);
}

NIBBLE_FUNCTION void tokenizer::encode(std::string_view text, array_view<std::size_t> seams, std::vector<token>& out,
                                       const encode_options& options) const {
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

NIBBLE_FUNCTION std::string tokenizer::decode(std::span<const token> tokens, const decode_options& options) const {
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

NIBBLE_FUNCTION std::string_view tokenizer::piece(token id, const decode_options& options) const {
    if (id < 0 || static_cast<std::size_t>(id) >= n_vocab())
        throw error(errc::ctx_bad_token, "token", "0 to " + std::to_string(n_vocab() - 1), std::to_string(id));
    return !options.special && tokens_.has(id, token_set::hidden) ? std::string_view{} : tokens_.texts()[id];
}

NIBBLE_FUNCTION std::size_t tokenizer::skipped_merges() const noexcept {
    return byte_pairs_ ? byte_pairs_->skipped_merges() : 0;
}

NIBBLE_FUNCTION void tokenizer::check_length(std::string_view text, std::size_t most) {
    if (text.size() > most)
        throw error(errc::text_too_long, "text", "at most " + std::to_string(most) + " bytes",
                    std::to_string(text.size()));
}

NIBBLE_FUNCTION void tokenizer::set_special_ids(const vocabulary& vocab) {
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

NIBBLE_FUNCTION token tokenizer::token_of_unknown(const std::optional<token>& unknown) const noexcept {
    return unknown && !is_control(*unknown) ? *unknown : no_token;
}

NIBBLE_FUNCTION void tokenizer::build_bpe(const vocabulary& vocab, const tokenizer_options& options) {
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
    byte_pairs_.emplace(tokens_.texts(), vocab.merges, settings);
}

NIBBLE_FUNCTION void tokenizer::build_sentencepiece(const vocabulary& vocab) {
    adds_bos_ = vocab.add_bos.value_or(true);
    adds_space_prefix_ = vocab.add_space_prefix.value_or(true);
    const auto unknown = special_ids_of(vocab).unknown;
    std::vector<float> scores = vocab.scores;  // user-defined tokens merge first, at 0; files have -1000 for them
    for (std::size_t i = 0; i < scores.size(); ++i)
        if (type_of(vocab, i) == token_type::user_defined) scores[i] = 0;
    sentencepiece_.emplace(tokens_.texts(), scores, tokens_.bytes(), unknown.has_value(), token_of_unknown(unknown));
}

NIBBLE_FUNCTION void tokenizer::encode_plain(std::string_view text, bool starts_text, merge_scratch& scratch,
                                             std::vector<token>& out) const {
    if (text.empty()) return;
    if (byte_pairs_) {
        std::string normalised;
        if (nfc_ && !is_surely_nfc(text)) {
            normalised = to_nfc(text);
            check_length(normalised, 0x7fffffffu);
            text = normalised;
        }
        byte_pairs_->encode(text, tokens_.texts(), scratch, out);
    } else if (sentencepiece_) {
        std::string spaced(text.size() + 1, ' ');
        char* const begin = spaced.data() + (adds_space_prefix_ && starts_text ? 1 : 0);
        spaced.resize(static_cast<std::size_t>(write_unmarked(text, begin) - spaced.data()));
        sentencepiece_->encode(spaced, tokens_.texts(), scratch, out);
    }
}

NIBBLE_NAMESPACE_END
