// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/thinking.hpp: which tokens begin, end and count.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <nibble/chat/reply_format.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/generate/thinking.hpp>
#include <nibble/text/tokenizer.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

NIBBLE_FUNCTION thinking_budget::thinking_budget(const tokenizer& tokens, const reply_format& format,
                                                 std::span<const token> prompt, const generation_options& options)
    : open_(tokens.find(format.think_open)), close_(tokens.find(format.think_close)), budget_(options.thinking_budget) {
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

NIBBLE_FUNCTION std::optional<token> thinking_budget::forced_token() {
    if (n_forced_ == forced_.size() && inside_ && n_thought_ >= budget_) {
        forced_ = end_text_;
        n_forced_ = 0;
    }
    if (n_forced_ == forced_.size()) return std::nullopt;
    return forced_[n_forced_];
}

NIBBLE_FUNCTION void thinking_budget::take(token id) noexcept {
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

NIBBLE_FUNCTION bool thinking_budget::is_control(const tokenizer& tokens, token id) noexcept {
    return id >= 0 && static_cast<std::size_t>(id) < tokens.n_vocab() && tokens.is_control(id);
}

}  // namespace detail
NIBBLE_NAMESPACE_END
