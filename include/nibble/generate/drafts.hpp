// SPDX-License-Identifier: Apache-2.0
// The drafts of one generation: whom to ask for guesses, for how many, and what became of them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/draft.hpp>
#include <nibble/generate/draft_length.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

class drafts {
public:
    drafts(const draft_options& options, std::size_t n_vocab, const pass_costs& passes)
        : most_(options.lookup || options.model ? options.most : 0),
          n_vocab_(n_vocab),
          by_lookup_(options.lookup),
          model_(options.model),
          lengths_{draft_length{lookup_.cost(), passes}, draft_length{model_ ? model_->cost() : 0, passes}} {}

    /// Most guesses at a time; 0: there are none.
    [[nodiscard]] std::size_t most() const noexcept { return most_; }

    /// The text that guesses follow: at most `n_tokens` in all.
    void start(std::span<const token> prompt, std::size_t n_tokens) {
        if (most_ == 0) return;
        text_.reserve(n_tokens);
        text_.assign(prompt.begin(), prompt.end());
    }
    void push(token id) {
        if (most_ > 0) text_.push_back(id);
    }

    /// Appends at most so many guesses.
    void guess(std::size_t most, const stop_when& when, std::vector<token>& out) {
        if (by_lookup_ && ask(lookup_, 0, most, when, out)) return;
        if (model_) (void)ask(*model_, 1, most, when, out);
    }

    /// What became of the guesses of the last call, which gave some.
    void note(std::size_t guessed, std::size_t came_true) noexcept { lengths_[asked_].note(guessed, came_true); }

private:
    /// True if there are guesses then: tokens, and no more than were asked for.
    bool ask(token_drafter& drafter, std::size_t which, std::size_t most, const stop_when& when,
             std::vector<token>& out) {
        const std::size_t before = out.size();
        asked_ = which;
        most = lengths_[which].next(std::min(most, most_));
        if (most > 0) drafter.guess(text_, most, when, out);
        const auto begin = out.begin() + static_cast<std::ptrdiff_t>(before);
        const auto end = begin + static_cast<std::ptrdiff_t>(std::min(out.size() - before, most));
        const auto is_token = [this](token id) { return id >= 0 && static_cast<std::size_t>(id) < n_vocab_; };
        out.erase(std::find_if_not(begin, end, is_token), out.end());
        return out.size() > before;
    }

    std::size_t most_, n_vocab_;
    bool by_lookup_;
    prompt_lookup lookup_;
    token_drafter* model_;
    std::array<draft_length, 2> lengths_;  // of the two
    std::size_t asked_ = 0;                // the one that gave the last guesses
    std::vector<token> text_;
};

}  // namespace detail
NIBBLE_NAMESPACE_END
