// SPDX-License-Identifier: Apache-2.0
// Holds a reply to a grammar or a JSON schema: only tokens that keep the text valid can be sampled.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/constraint.hpp>
#include <nibble/generate/token_trie.hpp>
#include <nibble/grammar/grammar.hpp>

NIBBLE_NAMESPACE_BEGIN

struct grammar_constraint_options {
    grammar_state_limits limits = {};
    /// Masks kept for states that come again; each takes an eighth of a byte per token (16 KB for 128,000 tokens).
    std::size_t max_masks = 64;
};

/// A token_constraint that follows the reply through a grammar. End tokens are allowed exactly where the grammar's
/// text may end. A token is looked at byte by byte, so a token may begin in one rule and end in another.
///
/// It never throws and never hangs: where no token can follow (a vocabulary that lacks bytes that the grammar needs)
/// or a limit is hit, it is finished() and failed().
class grammar_constraint final : public token_constraint {
public:
    /// The trie is that of the model's tokenizer and may be shared by any number of constraints.
    grammar_constraint(const grammar& grammar, std::shared_ptr<const token_trie> trie,
                       const grammar_constraint_options& options = {})
        : trie_(std::move(trie)), options_(options), states_(grammar.states(options.limits)) {
        if (options_.max_masks == 0) options_.max_masks = 1;
        reset();
    }

    /// Back to the start, for another reply. What was learnt about the grammar is kept.
    void reset() noexcept {
        done_ = failed_ = false;
        enter(states_.start());
    }

    void apply(std::span<float> logits) noexcept override {
        constexpr float never = -std::numeric_limits<float>::infinity();
        const std::size_t known = std::min(logits.size(), trie_->n_vocab());
        for (std::size_t i = 0; i * 64 < known; ++i) {
            const auto values = logits.subspan(i * 64, std::min<std::size_t>(64, known - i * 64));
            const std::uint64_t word = mask_word(i);
            if (word == 0) {
                std::fill(values.begin(), values.end(), never);
            } else if (word != ~std::uint64_t{0}) {
                keep_only(word, values);
            }
        }
        std::fill(logits.begin() + static_cast<std::ptrdiff_t>(known), logits.end(), never);
    }

    void accept(token id) noexcept override {
        if (finished() || id < 0 || static_cast<std::size_t>(id) >= trie_->n_vocab() || !is_allowed(id)) {
            failed_ = failed_ || !done_;
            return;
        }
        if (trie_->is_end(id)) {
            done_ = true;
            return;
        }
        try {
            if (states_.crowded()) {
                at_ = states_.compact(at_);
                slot_of_state_.clear();
                state_of_slot_.assign(state_of_slot_.size(), grammar_states::dead);
            }
            states_.begin_token();
            auto to = at_;
            for (const char byte : trie_->text(id)) to = states_.step(to, static_cast<std::uint8_t>(byte));
            enter(to);
        } catch (const std::bad_alloc&) {
            failed_ = true;
        }
    }

    [[nodiscard]] bool finished() const noexcept override { return done_ || failed_ || states_.is_final(at_); }

    /// True if the reply had to be broken off, or was not one of the allowed tokens: it is then no text of the grammar.
    [[nodiscard]] bool failed() const noexcept { return failed_; }

    /// True if the text so far is a text of the grammar.
    [[nodiscard]] bool complete() const noexcept { return !failed_ && states_.accepts(at_); }

    /// True if `id`, a valid id, may come next.
    [[nodiscard]] bool is_allowed(token id) const noexcept {
        return (mask_word(static_cast<std::size_t>(id) / 64) >> (static_cast<std::size_t>(id) % 64) & 1) != 0;
    }

private:
    [[nodiscard]] std::uint64_t mask_word(std::size_t i) const noexcept {
        return failed_ || done_ ? 0 : masks_[current_ * trie_->mask_words() + i];
    }

    /// Bars the values whose bit is not set. Words are mixed at random where a grammar allows some of many words, so
    /// this has no branches: 128,000 values take 0.1 ms at most.
    static void keep_only(std::uint64_t word, std::span<float> values) noexcept {
        constexpr std::uint32_t never = 0xff800000;  // the bits of minus infinity
        for (std::size_t k = 0; k < values.size(); ++k) {
            const auto keep = 0 - static_cast<std::uint32_t>(word >> k & 1);
            values[k] = std::bit_cast<float>((std::bit_cast<std::uint32_t>(values[k]) & keep) | (never & ~keep));
        }
    }

    /// Makes `to` the current state and finds its mask.
    void enter(grammar_states::state to) noexcept {
        at_ = to;
        try {
            if (to == grammar_states::dead || !find_mask()) failed_ = true;
        } catch (const std::bad_alloc&) {
            failed_ = true;
        }
    }

    /// Sets current_ to the mask of at_; false if no token can follow.
    bool find_mask() {
        if (at_ < slot_of_state_.size() && slot_of_state_[at_] != none) {
            current_ = slot_of_state_[at_];
            return true;
        }
        const std::size_t words = trie_->mask_words();
        if (state_of_slot_.size() < options_.max_masks) {
            masks_.resize(masks_.size() + words);
            state_of_slot_.push_back(grammar_states::dead);
            current_ = state_of_slot_.size() - 1;
        } else {
            current_ = next_slot_++ % options_.max_masks;  // the oldest gives way
            const auto old = state_of_slot_[current_];
            if (old < slot_of_state_.size()) slot_of_state_[old] = none;
        }
        const std::span<std::uint64_t> mask{masks_.data() + current_ * words, words};
        state_of_slot_[current_] = grammar_states::dead;
        states_.begin_token();
        trie_->allowed(states_, at_, mask, work_);
        if (!states_.exhausted()) {  // else only part of it
            if (slot_of_state_.size() <= at_) slot_of_state_.resize(states_.size(), none);
            slot_of_state_[at_] = current_;
            state_of_slot_[current_] = at_;
        }
        return std::any_of(mask.begin(), mask.end(), [](std::uint64_t bits) { return bits != 0; });
    }

    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    std::shared_ptr<const token_trie> trie_;
    grammar_constraint_options options_;
    grammar_states states_;
    grammar_states::state at_ = grammar_states::dead;
    bool done_ = false;  // an end token was accepted
    bool failed_ = false;
    std::vector<std::uint64_t> masks_;  // slots of trie_->mask_words() words
    std::size_t current_ = 0;           // the slot of at_
    std::size_t next_slot_ = 0;
    std::vector<grammar_states::state> state_of_slot_;
    std::vector<std::size_t> slot_of_state_;
    token_trie::workspace work_;
};

NIBBLE_NAMESPACE_END
