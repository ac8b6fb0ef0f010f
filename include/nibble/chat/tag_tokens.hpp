// SPDX-License-Identifier: Apache-2.0
// The control tokens of a vocabulary with which a model marks the parts of its replies.
#pragma once

#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>

NIBBLE_NAMESPACE_BEGIN

struct reply_format;
class tokenizer;

/// Ascending. Their texts are part of what a reply says, which a decoder would hide. A tag may be one token, such as
/// Mistral's [TOOL_CALLS], or hold one, such as "function<sep>".
[[nodiscard]] NIBBLE_FUNCTION std::vector<token> tag_tokens(const tokenizer& tokens, const reply_format& format);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/chat/tag_tokens_impl.hpp>
#endif
