// SPDX-License-Identifier: Apache-2.0
// The control tokens of a vocabulary with which a model marks the parts of its replies.
#pragma once

#include <algorithm>
#include <vector>

#include <nibble/chat/reply_format.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/tokenizer.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Ascending. Their texts are part of what a reply says, which a decoder would hide. A tag may be one token, such as
/// Mistral's [TOOL_CALLS], or hold one, such as "function<sep>".
[[nodiscard]] inline std::vector<token> tag_tokens(const tokenizer& tokens, const reply_format& format) {
    std::vector<token> out;
    for (const auto& tag : format.tags())
        for (const token id : tokens.encode(tag, {.add_special = false, .parse_special = true}))
            if (tokens.is_control(id) && !tokens.is_eog(id)) out.push_back(id);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

NIBBLE_NAMESPACE_END
