// SPDX-License-Identifier: Apache-2.0
// The vocabulary of a model as its file states it: plain data, the input from which a tokenizer is built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
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

/// The key under which a file has the id of a special token.
[[nodiscard]] inline std::string token_id_key(const char* name) {
    return "tokenizer.ggml." + std::string(name) + "_token_id";
}

/// Throws unless the parts of a vocabulary are of one length and its numbers in their ranges: errc::vocab_missing,
/// vocab_bad_type, vocab_length_mismatch, vocab_bad_token_id, limit_exceeded.
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
    const std::pair<const char*, std::optional<token>> ids[] = {{"bos", vocab.bos},
                                                                {"eos", vocab.eos},
                                                                {"eot", vocab.eot},
                                                                {"unknown", vocab.unknown},
                                                                {"padding", vocab.padding}};
    for (const auto& [name, id] : ids)
        if (id && (*id < 0 || static_cast<std::size_t>(*id) >= n))
            throw error(errc::vocab_bad_token_id, token_id_key(name), "0 to " + std::to_string(n - 1),
                        std::to_string(*id));
}

/// Throws errc::vocab_bad_token_id where an id that is `required` is not there.
inline void require_token_id(bool required, const std::optional<token>& id, const char* name) {
    if (required && !id)
        throw error(errc::vocab_bad_token_id, token_id_key(name), "an id, as it is to be added", "none");
}

NIBBLE_NAMESPACE_END
