// SPDX-License-Identifier: Apache-2.0
// The tokens of a vocabulary: their bytes, what each of them is, and how text becomes them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/text/special_tokens.hpp>
#include <nibble/text/token_table.hpp>
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
    explicit token_set(const vocabulary& vocab);

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
    [[nodiscard]] std::optional<token> find(std::string_view text) const noexcept;

private:
    [[nodiscard]] static bool is_space_run(std::string_view text) noexcept;

    /// A user-defined run of spaces. Hugging Face spells it with space marks and finds it verbatim only where a text
    /// has these; of spaces it is merged. Files have either spelling.
    void add_space_run(std::string_view text, token id);

    void add_special(std::string_view text, token id, token_type type);

    void add_byte(std::string_view text, token id);

    void set_ends_reply(token id);

    /// False for a text that spells no bytes: it is shown literally, and no text becomes it (command-r has some).
    bool add_spelled(std::string_view text, bool bpe);

    token_table texts_;
    special_tokens specials_;
    std::vector<std::uint8_t> traits_;  ///< per token
    std::array<token, 256> bytes_{};
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/text/token_set_impl.hpp>
#endif
