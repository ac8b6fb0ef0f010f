// SPDX-License-Identifier: Apache-2.0
// Definitions of text/vocabulary.hpp: what its parts say together.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nibble/core/any_of.hpp>
#include <nibble/core/error.hpp>
#include <nibble/text/turn_marks.hpp>
#include <nibble/text/vocabulary.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION bool is_merged(const vocabulary& vocab, std::string_view text) noexcept {
    return any_of(vocab.merges, [&](std::string_view merge) {
        const std::size_t space = merge.find(' ');
        return merge.size() == text.size() + 1 && space < merge.size() && text.starts_with(merge.substr(0, space)) &&
               text.ends_with(merge.substr(space + 1));
    });
}

NIBBLE_FUNCTION token_type type_of(const vocabulary& vocab, std::size_t i) noexcept {
    const auto type = vocab.types.empty() ? token_type::normal : static_cast<token_type>(vocab.types[i]);
    if (type == token_type::control || !find_turn_mark(vocab.tokens[i])) return type;
    return type == token_type::normal && is_merged(vocab, vocab.tokens[i]) ? type : token_type::control;
}

NIBBLE_FUNCTION std::string token_id_key(const char* name) {
    return "tokenizer.ggml." + std::string(name) + "_token_id";
}

NIBBLE_FUNCTION void check_vocabulary(const vocabulary& vocab) {
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

NIBBLE_FUNCTION special_ids special_ids_of(const vocabulary& vocab) noexcept {
    const auto usable = [&](std::optional<token> id, std::optional<token> usual = {}) -> std::optional<token> {
        if (!id && vocab.model == "llama") id = usual;
        return id && *id >= 0 && static_cast<std::size_t>(*id) < vocab.tokens.size() ? id : std::nullopt;
    };
    const auto prefix = usable(vocab.fim_prefix), suffix = usable(vocab.fim_suffix), middle = usable(vocab.fim_middle);
    const bool has_fim = prefix && suffix && middle;
    return {usable(vocab.bos, 1), usable(vocab.eos, 2), usable(vocab.eot), usable(vocab.unknown, 0),
            has_fim ? std::optional{fim_tokens{*prefix, *suffix, *middle}} : std::nullopt};
}

NIBBLE_FUNCTION void require_token_id(bool required, const std::optional<token>& usable,
                                      const std::optional<token>& stated, const char* name) {
    if (required && !usable)
        throw error(errc::vocab_bad_token_id, token_id_key(name), "the id of a token, as it is to be added",
                    stated ? std::to_string(*stated) : "none");
}

NIBBLE_NAMESPACE_END
