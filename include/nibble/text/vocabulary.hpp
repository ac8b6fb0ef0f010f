// SPDX-License-Identifier: Apache-2.0
// The vocabulary of a model as its file states it: plain data, the input from which a tokenizer is built.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>

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
    std::string pre;                       ///< pre-tokenizer tag, only for "gpt2"
    std::vector<std::string_view> tokens;  ///< index = token id
    std::vector<float> scores;             ///< one per token for "llama"; else empty or one per token, not used
    std::vector<std::int32_t> types;       ///< token_type, one per token; empty: all normal
    std::vector<std::string_view> merges;  ///< "left right", best first, only for "gpt2"
    std::optional<token> bos, eos, eot, unknown, padding;
    std::optional<bool> add_bos, add_eos, add_space_prefix, ignore_merges;
};

NIBBLE_NAMESPACE_END
