// SPDX-License-Identifier: Apache-2.0
// Definitions of text/token_set.hpp: which token is what.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/text/bpe.hpp>
#include <nibble/text/reply_tags.hpp>
#include <nibble/text/spm.hpp>
#include <nibble/text/token_set.hpp>
#include <nibble/text/turn_marks.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION token_set::token_set(const vocabulary& vocab) {
    check_vocabulary(vocab);
    const bool bpe = vocab.model == "gpt2";
    const std::size_t n = vocab.tokens.size();
    std::size_t n_bytes = 0;
    for (const std::string_view text : vocab.tokens) n_bytes += text.size();
    texts_.reserve(n, n_bytes);
    traits_.resize(n);
    bytes_.fill(no_token);
    std::vector<token> indexed;
    indexed.reserve(n);
    for (std::size_t i = 0; i < n; ++i) {
        const std::string_view text = vocab.tokens[i];
        const auto id = static_cast<token>(i);
        token_type type = type_of(vocab, i);
        if (!bpe && vocab.types.empty() && parse_byte_token(text)) type = token_type::byte;
        if (!bpe && type == token_type::user_defined && is_space_run(text)) {
            add_space_run(text, id);
            indexed.push_back(id);
        } else if (type == token_type::control || type == token_type::user_defined) {
            add_special(text, id, type);
        } else if (type == token_type::byte && !bpe) {
            add_byte(text, id);
        } else {
            const bool spelled = add_spelled(text, bpe);
            if (type == token_type::unknown)
                set(id, hidden);
            else if (spelled)
                indexed.push_back(id);
        }
    }
    texts_.index(indexed);
    specials_.build();
    for (std::size_t i = 0; i < n; ++i)
        if (has(static_cast<token>(i), control)) set_ends_reply(static_cast<token>(i));
}

NIBBLE_FUNCTION std::optional<token> token_set::find(std::string_view text) const noexcept {
    token id = specials_.find(text);
    if (id == no_token) id = texts_.find(text);
    return id == no_token ? std::nullopt : std::optional<token>(id);
}

NIBBLE_FUNCTION bool token_set::is_space_run(std::string_view text) noexcept {
    const bool empty = text.empty();
    while (!text.empty()) {
        const std::size_t length = text.front() == ' ' ? 1 : text.starts_with(space_mark) ? space_mark.size() : 0;
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return !empty;
}

NIBBLE_FUNCTION void token_set::add_space_run(std::string_view text, token id) {
    char* const bytes = texts_.next_bytes();
    const auto n = static_cast<std::size_t>(write_unmarked(text, bytes) - bytes);
    texts_.end_token(n);
    std::string marks;
    for (std::size_t i = 0; i < n; ++i) marks += space_mark;
    specials_.add(marks, id, true);
}

NIBBLE_FUNCTION void token_set::add_special(std::string_view text, token id, token_type type) {
    texts_.add_token(text);  // these are spelled as they are
    specials_.add(text, id, type == token_type::user_defined);
    if (type == token_type::user_defined) return set(id, verbatim);
    set(id, control);
    if (!is_always_shown(text)) set(id, hidden);
}

NIBBLE_FUNCTION void token_set::add_byte(std::string_view text, token id) {
    const auto byte = parse_byte_token(text);
    if (!byte)
        throw error(errc::vocab_bad_byte_token, "tokenizer.ggml.tokens[" + std::to_string(id) + "]",
                    "<0xHH> with two capital hexadecimal digits, as its type is byte", '"' + escaped(text) + '"');
    const char c = static_cast<char>(*byte);
    texts_.add_token({&c, 1});
    if (bytes_[*byte] == no_token) bytes_[*byte] = id;
}

NIBBLE_FUNCTION void token_set::set_ends_reply(token id) {
    const turn_mark* mark = find_turn_mark(texts_[id]);
    if (mark && mark->ends_reply && (mark->unless.empty() || !find(mark->unless))) set(id, ends_reply);
}

NIBBLE_FUNCTION bool token_set::add_spelled(std::string_view text, bool bpe) {
    char* const bytes = texts_.next_bytes();
    char* end = bpe ? byte_alphabet::write_bytes(text, bytes) : write_unmarked(text, bytes);
    const bool spelled = end != nullptr;
    if (!spelled) end = bytes + text.copy(bytes, text.size());
    texts_.end_token(static_cast<std::size_t>(end - bytes));
    return spelled;
}

NIBBLE_NAMESPACE_END
