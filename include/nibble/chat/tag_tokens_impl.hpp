// SPDX-License-Identifier: Apache-2.0
// Definitions of chat/tag_tokens.hpp: tags as the vocabulary has them.
#pragma once

#include <algorithm>
#include <vector>

#include <nibble/chat/reply_format.hpp>
#include <nibble/chat/tag_tokens.hpp>
#include <nibble/text/tokenizer.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION std::vector<token> tag_tokens(const tokenizer& tokens, const reply_format& format) {
    std::vector<token> out;
    for (const auto& tag : format.tags())
        for (const token id : tokens.encode(tag, {.add_special = false, .parse_special = true}))
            if (tokens.is_control(id) && !tokens.is_eog(id)) out.push_back(id);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

NIBBLE_NAMESPACE_END
