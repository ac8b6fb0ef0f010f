// SPDX-License-Identifier: Apache-2.0
// Definitions of text/fim_prompt.hpp: the parts in their order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/text/fim_prompt.hpp>
#include <nibble/text/tokenizer.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION std::vector<token> fim_prompt(const tokenizer& tokens, std::string_view before,
                                              std::string_view behind) {
    if (!tokens.fim())
        throw error(errc::vocab_missing, "fill in the middle",
                    "a vocabulary with tokens for prefix, suffix and middle, as models for code have", "none");
    const auto [prefix, suffix, middle] = *tokens.fim();
    std::vector<token> out;
    const auto append = [&, ids = {prefix, suffix, middle}](std::string_view text, bool space_prefix) {
        std::vector<std::size_t> seams;  // behind the first character of every text of these tokens
        for (const token id : ids) {
            const std::string_view mark = tokens.piece(id, {.special = true});
            for (std::size_t at = text.find(mark); !mark.empty() && at < text.size(); at = text.find(mark, at + 1))
                seams.push_back(at + decode_utf8(text, at).length);
        }
        std::sort(seams.begin(), seams.end());
        seams.erase(std::unique(seams.begin(), seams.end()), seams.end());  // twice would bar a token that starts there
        tokens.encode(text, seams, out, {.add_special = false, .space_prefix = space_prefix});
    };
    if (tokens.adds_bos()) out.push_back(*tokens.bos());
    out.push_back(prefix);
    append(before, true);
    out.push_back(suffix);
    append(behind, false);
    out.push_back(middle);
    return out;
}

NIBBLE_NAMESPACE_END
