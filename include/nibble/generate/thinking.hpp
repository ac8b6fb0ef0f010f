// SPDX-License-Identifier: Apache-2.0
// Keeps count of the tokens with which a model thinks, and ends its thinking when a budget is used up.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <nibble/chat/reply_format.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/text/tokenizer.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Follows one reply. Does nothing where the two tags of thinking are not tokens of the vocabulary.
class thinking_budget {
public:
    thinking_budget(const tokenizer& tokens, const reply_format& format, std::span<const token> prompt,
                    const generation_options& options)
        : open_(tokens.find(format.think_open)),
          close_(tokens.find(format.think_close)),
          budget_(options.thinking_budget) {
        if (!open_ || !close_) return;
        // Some templates end a prompt with the opening tag: thinking goes on if the reply's own head, up to the control
        // token that starts it, has one that is not closed.
        for (std::size_t i = prompt.size(); i-- > 0 && prompt[i] != *close_ && !is_control(tokens, prompt[i]);)
            inside_ |= prompt[i] == *open_;
        const auto line_end = tokens.encode("\n", {.add_special = false});
        end_text_ = line_end;
        end_text_.push_back(*close_);
        end_text_.insert(end_text_.end(), line_end.begin(), line_end.end());
        // A constraint holds for the answer. For a model to think before it, the thinking has to be opened for it.
        if (options.constraint && options.thinking.value_or(false) && !inside_) {
            forced_ = {*open_};
            forced_.insert(forced_.end(), line_end.begin(), line_end.end());
        }
    }

    /// Behind the first tag, which the prompt may have.
    [[nodiscard]] bool opened() const noexcept { return inside_; }
    /// Between the tags, or on the way to the first one.
    [[nodiscard]] bool inside() const noexcept { return inside_ || n_forced_ < forced_.size(); }

    /// The token that has to come next, if it is not the model's to choose.
    [[nodiscard]] std::optional<token> forced_token() {
        if (n_forced_ == forced_.size() && inside_ && n_thought_ >= budget_) {
            forced_ = end_text_;
            n_forced_ = 0;
        }
        if (n_forced_ == forced_.size()) return std::nullopt;
        return forced_[n_forced_];
    }

    /// Takes note of the token that came.
    void take(token id) noexcept {
        if (n_forced_ < forced_.size()) ++n_forced_;
        if (!open_ || !close_) return;
        if (id == *close_) {
            inside_ = false;
        } else if (id == *open_) {
            inside_ = true;
        } else if (inside_) {
            ++n_thought_;
        }
    }

private:
    [[nodiscard]] static bool is_control(const tokenizer& tokens, token id) noexcept {
        return id >= 0 && static_cast<std::size_t>(id) < tokens.n_vocab() && tokens.is_control(id);
    }

    std::optional<token> open_, close_;
    std::size_t budget_;
    std::vector<token> end_text_, forced_;
    std::size_t n_forced_ = 0;   // of forced_ that have come
    std::size_t n_thought_ = 0;  // tokens of all thinking in this reply
    bool inside_ = false;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
