// SPDX-License-Identifier: Apache-2.0
// The tokens of a vocabulary: their bytes, what each of them is, and how text becomes them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/bpe.hpp>
#include <nibble/text/reply_tags.hpp>
#include <nibble/text/special_tokens.hpp>
#include <nibble/text/spm.hpp>
#include <nibble/text/token_table.hpp>
#include <nibble/text/turn_marks.hpp>
#include <nibble/text/vocabulary.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Decodes the spelling of every token, indexes what text may become by merging, and sorts out the special ones.
class token_set {
public:
    enum trait : std::uint8_t {
        control = 1,
        hidden = 2,      ///< not part of decoded text, unless asked for
        ends_reply = 4,  ///< a model says it when its reply is complete
        verbatim = 8,    ///< user-defined: matched and shown as it is spelled
    };

    /// Throws what check_vocabulary does, errc::vocab_bad_byte_token, errc::limit_exceeded.
    explicit token_set(const vocabulary& vocab) {
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

    [[nodiscard]] const token_table& texts() const noexcept { return texts_; }
    [[nodiscard]] const special_tokens& specials() const noexcept { return specials_; }
    /// SentencePiece's tokens for single bytes; no_token where there is none.
    [[nodiscard]] const std::array<token, 256>& bytes() const noexcept { return bytes_; }

    [[nodiscard]] bool has(token id, trait t) const noexcept {
        const auto i = static_cast<std::size_t>(id);
        return id >= 0 && i < traits_.size() && (traits_[i] & t) != 0;
    }
    /// Requires 0 <= id < texts().size().
    void set(token id, trait t) noexcept { traits_[static_cast<std::size_t>(id)] |= t; }

    /// The token with exactly this text, special tokens first; the lowest id where several have it.
    [[nodiscard]] std::optional<token> find(std::string_view text) const noexcept {
        token id = specials_.find(text);
        if (id == no_token) id = texts_.find(text);
        return id == no_token ? std::nullopt : std::optional<token>(id);
    }

private:
    [[nodiscard]] static bool is_space_run(std::string_view text) noexcept {
        const bool empty = text.empty();
        while (!text.empty()) {
            const std::size_t length = text.front() == ' ' ? 1 : text.starts_with(space_mark) ? space_mark.size() : 0;
            if (length == 0) return false;
            text.remove_prefix(length);
        }
        return !empty;
    }

    /// A user-defined run of spaces. Hugging Face spells it with space marks and finds it verbatim only where a text
    /// has these; of spaces it is merged. Files have either spelling.
    void add_space_run(std::string_view text, token id) {
        char* const bytes = texts_.next_bytes();
        const auto n = static_cast<std::size_t>(write_unmarked(text, bytes) - bytes);
        texts_.end_token(n);
        std::string marks;
        for (std::size_t i = 0; i < n; ++i) marks += space_mark;
        specials_.add(marks, id, true);
    }

    void add_special(std::string_view text, token id, token_type type) {
        texts_.add_token(text);  // these are spelled as they are
        specials_.add(text, id, type == token_type::user_defined);
        if (type == token_type::user_defined) return set(id, verbatim);
        set(id, control);
        if (!is_always_shown(text)) set(id, hidden);
    }

    void add_byte(std::string_view text, token id) {
        const auto byte = parse_byte_token(text);
        if (!byte)
            throw error(errc::vocab_bad_byte_token, "tokenizer.ggml.tokens[" + std::to_string(id) + "]",
                        "<0xHH> with two capital hexadecimal digits, as its type is byte", '"' + escaped(text) + '"');
        const char c = static_cast<char>(*byte);
        texts_.add_token({&c, 1});
        if (bytes_[*byte] == no_token) bytes_[*byte] = id;
    }

    void set_ends_reply(token id) {
        const turn_mark* mark = find_turn_mark(texts_[id]);
        if (mark && mark->ends_reply && (mark->unless.empty() || !find(mark->unless))) set(id, ends_reply);
    }

    /// False for a text that spells no bytes: it is shown literally, and no text becomes it (command-r has some).
    bool add_spelled(std::string_view text, bool bpe) {
        char* const bytes = texts_.next_bytes();
        char* end = bpe ? byte_alphabet::write_bytes(text, bytes) : write_unmarked(text, bytes);
        const bool spelled = end != nullptr;
        if (!spelled) end = bytes + text.copy(bytes, text.size());
        texts_.end_token(static_cast<std::size_t>(end - bytes));
        return spelled;
    }

    token_table texts_;
    special_tokens specials_;
    std::vector<std::uint8_t> traits_;  ///< per token
    std::array<token, 256> bytes_{};
};

NIBBLE_NAMESPACE_END
