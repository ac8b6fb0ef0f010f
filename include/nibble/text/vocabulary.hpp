// SPDX-License-Identifier: Apache-2.0
// The vocabulary of a model as its file states it: plain data, the input from which a tokenizer is built.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/fim_tokens.hpp>
#include <nibble/text/turn_marks.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What a token is; the values are those of `tokenizer.ggml.token_type`.
enum class token_type : std::int32_t {
    normal = 1,        ///< ordinary text
    unknown = 2,       ///< stands for text that has no token
    control = 3,       ///< structure such as <|im_end|>: never made from a user's text, hidden in decoded text
    user_defined = 4,  ///< matched verbatim before anything else, shown in decoded text
    unused = 5,
    byte = 6,  ///< SentencePiece's <0xHH>
};

/// Everything of a file that decides how text becomes tokens. The views borrow from the file (or whoever made
/// them) and must live until the tokenizer is built; the tokenizer keeps none of them.
struct vocabulary {
    std::string model;                     ///< "gpt2": byte-level BPE; "llama": SentencePiece BPE
    std::string pre;                       ///< pre-tokenizer tag, only for "gpt2"; empty: "default"
    std::vector<std::string_view> tokens;  ///< index = token id
    std::vector<float> scores;             ///< one per token for "llama"; else empty or one per token, not used
    std::vector<std::int32_t> types;       ///< token_type, one per token; empty: all normal
    std::vector<std::string_view> merges;  ///< "left right", best first, only for "gpt2"
    /// As stated, -1 for "none": special_ids_of says which of them are tokens.
    std::optional<token> bos, eos, eot, unknown;
    std::optional<token> fim_prefix, fim_suffix, fim_middle;
    std::optional<bool> add_bos, add_eos, add_space_prefix, ignore_merges;
};

/// Whether a merge makes this text.
[[nodiscard]] inline bool is_merged(const vocabulary& vocab, std::string_view text) noexcept {
    return std::any_of(vocab.merges.begin(), vocab.merges.end(), [&](std::string_view merge) {
        const std::size_t space = merge.find(' ');
        return merge.size() == text.size() + 1 && space < merge.size() && text.starts_with(merge.substr(0, space)) &&
               text.ends_with(merge.substr(space + 1));
    });
}

/// What token i is. A turn mark is a control token whatever the file says, as many have it wrong: it would come from a
/// user's text, or be no end. Only one that merges make is text: `</s>` is a word of the web.
[[nodiscard]] inline token_type type_of(const vocabulary& vocab, std::size_t i) noexcept {
    const auto type = vocab.types.empty() ? token_type::normal : static_cast<token_type>(vocab.types[i]);
    if (type == token_type::control || !find_turn_mark(vocab.tokens[i])) return type;
    return type == token_type::normal && is_merged(vocab, vocab.tokens[i]) ? type : token_type::control;
}

/// The key under which a file has the id of a special token.
[[nodiscard]] inline std::string token_id_key(const char* name) {
    return "tokenizer.ggml." + std::string(name) + "_token_id";
}

/// Throws unless the parts of a vocabulary are of one length and its types in their range: errc::vocab_missing,
/// vocab_bad_type, vocab_length_mismatch, limit_exceeded.
inline void check_vocabulary(const vocabulary& vocab) {
    const std::size_t n = vocab.tokens.size();
    if (vocab.model != "gpt2" && vocab.model != "llama")
        throw error(vocab.model.empty() ? errc::vocab_missing : errc::vocab_bad_type, "tokenizer.ggml.model",
                    "gpt2 or llama", vocab.model.empty() ? "none" : escaped(vocab.model));
    if (n == 0) throw error(errc::vocab_missing, "tokenizer.ggml.tokens", "at least one token", "none");
    if (n > 0x7fffffffu)  // ids are 32-bit and signed
        throw error(errc::limit_exceeded, "tokenizer.ggml.tokens", "at most 2147483647", std::to_string(n));
    const auto same_length = [&](const char* key, std::size_t length, bool may_be_empty) {
        if (length != n && !(length == 0 && may_be_empty))
            throw error(errc::vocab_length_mismatch, key, std::to_string(n) + " values, as there are tokens",
                        std::to_string(length));
    };
    same_length("tokenizer.ggml.token_type", vocab.types.size(), true);
    same_length("tokenizer.ggml.scores", vocab.scores.size(), vocab.model == "gpt2");
    for (std::size_t i = 0; i < vocab.types.size(); ++i)
        if (vocab.types[i] < 1 || vocab.types[i] > 6)
            throw error(errc::vocab_bad_type, "tokenizer.ggml.token_type[" + std::to_string(i) + "]", "1 to 6",
                        std::to_string(vocab.types[i]));
}

/// The tokens that ids of a vocabulary name. An id beyond the vocabulary names none: whoever needs it refuses it.
struct special_ids {
    std::optional<token> bos, eos, eot, unknown;
    std::optional<fim_tokens> fim;
};

/// What a vocabulary states. SentencePiece has unknown, bos and eos in the first three places unless told otherwise.
[[nodiscard]] inline special_ids special_ids_of(const vocabulary& vocab) noexcept {
    const auto usable = [&](std::optional<token> id, std::optional<token> usual = {}) -> std::optional<token> {
        if (!id && vocab.model == "llama") id = usual;
        return id && *id >= 0 && static_cast<std::size_t>(*id) < vocab.tokens.size() ? id : std::nullopt;
    };
    const auto prefix = usable(vocab.fim_prefix), suffix = usable(vocab.fim_suffix), middle = usable(vocab.fim_middle);
    const bool has_fim = prefix && suffix && middle;
    return {usable(vocab.bos, 1), usable(vocab.eos, 2), usable(vocab.eot), usable(vocab.unknown, 0),
            has_fim ? std::optional{fim_tokens{*prefix, *suffix, *middle}} : std::nullopt};
}

/// Throws errc::vocab_bad_token_id where an id that is `required` names no token; `stated` is what the vocabulary has.
inline void require_token_id(bool required, const std::optional<token>& usable, const std::optional<token>& stated,
                             const char* name) {
    if (required && !usable)
        throw error(errc::vocab_bad_token_id, token_id_key(name), "the id of a token, as it is to be added",
                    stated ? std::to_string(*stated) : "none");
}

NIBBLE_NAMESPACE_END
