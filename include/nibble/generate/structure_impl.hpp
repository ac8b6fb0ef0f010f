// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/structure.hpp: masks of tokens for the states of a grammar.
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

#include <nibble/core/any_of.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/generate/structure.hpp>
#include <nibble/generate/token_trie.hpp>
#include <nibble/grammar/grammar.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION grammar_constraint::grammar_constraint(const grammar& grammar, std::shared_ptr<const token_trie> trie,
                                                       const grammar_constraint_options& options)
    : trie_(std::move(trie)), options_(options), states_(grammar.states(options.limits)) {
    if (options_.max_masks == 0) options_.max_masks = 1;
    reset();
}

NIBBLE_FUNCTION void grammar_constraint::reset() noexcept {
    done_ = failed_ = false;
    enter(states_.start());
}

NIBBLE_FUNCTION void grammar_constraint::apply(std::span<float> logits) noexcept {
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

NIBBLE_FUNCTION void grammar_constraint::accept(token id) noexcept {
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

NIBBLE_FUNCTION bool grammar_constraint::is_allowed(token id) const noexcept {
    return (mask_word(static_cast<std::size_t>(id) / 64) >> (static_cast<std::size_t>(id) % 64) & 1) != 0;
}

NIBBLE_FUNCTION std::uint64_t grammar_constraint::mask_word(std::size_t i) const noexcept {
    return failed_ || done_ ? 0 : masks_[current_ * trie_->mask_words() + i];
}

NIBBLE_FUNCTION void grammar_constraint::keep_only(std::uint64_t word, std::span<float> values) noexcept {
    constexpr std::uint32_t never = 0xff800000;  // the bits of minus infinity
    for (std::size_t k = 0; k < values.size(); ++k) {
        const auto keep = 0 - static_cast<std::uint32_t>(word >> k & 1);
        values[k] = std::bit_cast<float>((std::bit_cast<std::uint32_t>(values[k]) & keep) | (never & ~keep));
    }
}

NIBBLE_FUNCTION void grammar_constraint::enter(grammar_states::state to) noexcept {
    at_ = to;
    try {
        if (to == grammar_states::dead || !find_mask()) failed_ = true;
    } catch (const std::bad_alloc&) {
        failed_ = true;
    }
}

NIBBLE_FUNCTION bool grammar_constraint::find_mask() {
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
    std::uint64_t* const mask = masks_.data() + current_ * words;
    state_of_slot_[current_] = grammar_states::dead;
    states_.begin_token();
    trie_->allowed(states_, at_, mask, work_);
    if (!states_.exhausted()) {  // else only part of it
        if (slot_of_state_.size() <= at_) slot_of_state_.resize(states_.size(), none);
        slot_of_state_[at_] = current_;
        state_of_slot_[current_] = at_;
    }
    return any_of(array_view<std::uint64_t>{mask, words}, [](std::uint64_t bits) { return bits != 0; });
}

NIBBLE_NAMESPACE_END
