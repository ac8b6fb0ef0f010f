// SPDX-License-Identifier: Apache-2.0
// The prompt for what belongs between two texts.
#pragma once

#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/tokenizer.hpp>

NIBBLE_NAMESPACE_BEGIN

/// BOS where the vocabulary asks for it, the prefix's token, the text before, the suffix's token, the text behind, the
/// middle's token. The texts are plain: no control token comes from them, nor one of these three where they are none.
/// Throws errc::vocab_missing for a vocabulary without them, errc::text_too_long.
[[nodiscard]] NIBBLE_FUNCTION std::vector<token> fim_prompt(const tokenizer& tokens, std::string_view before,
                                                            std::string_view behind);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/text/fim_prompt_impl.hpp>
#include <nibble/text/tokenizer.hpp>
#endif
