// SPDX-License-Identifier: Apache-2.0
// Keeps count of the tokens with which a model thinks, and ends its thinking when a budget is used up.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>

NIBBLE_NAMESPACE_BEGIN

struct generation_options;
struct reply_format;
class tokenizer;

namespace detail {

/// Follows one reply. Does nothing where the two tags of thinking are not tokens of the vocabulary.
class thinking_budget {
public:
    thinking_budget(const tokenizer& tokens, const reply_format& format, std::span<const token> prompt,
                    const generation_options& options);

    /// Behind the first tag, which the prompt may have.
    [[nodiscard]] bool opened() const noexcept { return inside_; }
    /// Between the tags, or on the way to the first one.
    [[nodiscard]] bool inside() const noexcept { return inside_ || n_forced_ < forced_.size(); }

    /// The token that has to come next, if it is not the model's to choose.
    [[nodiscard]] std::optional<token> forced_token();

    /// Takes note of the token that came.
    void take(token id) noexcept;

private:
    [[nodiscard]] static bool is_control(const tokenizer& tokens, token id) noexcept;

    std::optional<token> open_, close_;
    std::size_t budget_;
    std::vector<token> end_text_, forced_;
    std::size_t n_forced_ = 0;   // of forced_ that have come
    std::size_t n_thought_ = 0;  // tokens of all thinking in this reply
    bool inside_ = false;
};

}  // namespace detail

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/thinking_impl.hpp>
#endif
