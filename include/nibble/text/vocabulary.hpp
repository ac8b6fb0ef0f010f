// SPDX-License-Identifier: Apache-2.0
// The vocabulary of a model as its file states it: plain data, the input from which a tokenizer is built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/fim_tokens.hpp>

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
[[nodiscard]] NIBBLE_FUNCTION bool is_merged(const vocabulary& vocab, std::string_view text) noexcept;

/// What token i is. A turn mark is a control token whatever the file says, as many have it wrong: it would come from a
/// user's text, or be no end. Only one that merges make is text: `</s>` is a word of the web.
[[nodiscard]] NIBBLE_FUNCTION token_type type_of(const vocabulary& vocab, std::size_t i) noexcept;

/// The key under which a file has the id of a special token.
[[nodiscard]] NIBBLE_FUNCTION std::string token_id_key(const char* name);

/// Throws unless the parts of a vocabulary are of one length and its types in their range: errc::vocab_missing,
/// vocab_bad_type, vocab_length_mismatch, limit_exceeded.
NIBBLE_FUNCTION void check_vocabulary(const vocabulary& vocab);

/// The tokens that ids of a vocabulary name. An id beyond the vocabulary names none: whoever needs it refuses it.
struct special_ids {
    std::optional<token> bos, eos, eot, unknown;
    std::optional<fim_tokens> fim;
};

/// What a vocabulary states. SentencePiece has unknown, bos and eos in the first three places unless told otherwise.
[[nodiscard]] NIBBLE_FUNCTION special_ids special_ids_of(const vocabulary& vocab) noexcept;

/// Throws errc::vocab_bad_token_id where an id that is `required` names no token; `stated` is what the vocabulary has.
NIBBLE_FUNCTION void require_token_id(bool required, const std::optional<token>& usable,
                                      const std::optional<token>& stated, const char* name);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/text/vocabulary_impl.hpp>
#endif
