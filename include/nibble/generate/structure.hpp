// SPDX-License-Identifier: Apache-2.0
// Holds a reply to a grammar or a JSON schema: only tokens that keep the text valid can be sampled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
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
                       const grammar_constraint_options& options = {});

    /// Back to the start, for another reply. What was learnt about the grammar is kept.
    void reset() noexcept;

    void apply(std::span<float> logits) noexcept override;

    void accept(token id) noexcept override;

    [[nodiscard]] bool finished() const noexcept override { return done_ || failed_ || states_.is_final(at_); }

    /// True if the reply had to be broken off, or was not one of the allowed tokens: it is then no text of the grammar.
    [[nodiscard]] bool failed() const noexcept { return failed_; }

    /// True if the text so far is a text of the grammar.
    [[nodiscard]] bool complete() const noexcept { return !failed_ && states_.accepts(at_); }

    /// True if `id`, a valid id, may come next.
    [[nodiscard]] bool is_allowed(token id) const noexcept;

private:
    [[nodiscard]] std::uint64_t mask_word(std::size_t i) const noexcept;

    /// Bars the values whose bit is not set. Words are mixed at random where a grammar allows some of many words, so
    /// this has no branches: 128,000 values take 0.1 ms at most.
    static void keep_only(std::uint64_t word, std::span<float> values) noexcept;

    /// Makes `to` the current state and finds its mask.
    void enter(grammar_states::state to) noexcept;

    /// Sets current_ to the mask of at_; false if no token can follow.
    bool find_mask();

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

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/structure_impl.hpp>
#endif
