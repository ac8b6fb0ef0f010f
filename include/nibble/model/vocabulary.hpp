// SPDX-License-Identifier: Apache-2.0
// Reads the vocabulary and the chat template out of a GGUF file.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/text/vocabulary.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace gguf {
class file;
}

/// Whether the file carries a vocabulary. Models for tests may have none, or say so by the name "no_vocab".
[[nodiscard]] NIBBLE_FUNCTION bool has_vocabulary(const gguf::file& file) noexcept;

/// Whether the vocabulary has tokens with all of these texts.
[[nodiscard]] NIBBLE_FUNCTION bool has_tokens(const gguf::file& file, std::initializer_list<std::string_view> texts);

/// Whether the vocabulary needs a pre-tokenizer and the file names none.
[[nodiscard]] NIBBLE_FUNCTION bool lacks_pretokenizer(const gguf::file& file) noexcept;

/// The vocabulary of a file, which need hold no tensors. The views borrow from the file. Checks types and lengths; what
/// tokens, merges and ids mean is checked by the tokenizer. Throws vocab_missing, vocab_bad_type,
/// vocab_length_mismatch, model_wrong_type and model_bad_value.
[[nodiscard]] NIBBLE_FUNCTION vocabulary read_vocabulary(const gguf::file& file);

/// The source of the file's chat template, if it has one; borrows from the file.
[[nodiscard]] NIBBLE_FUNCTION std::optional<std::string_view> read_chat_template(const gguf::file& file);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/model/vocabulary_impl.hpp>
#endif
