// SPDX-License-Identifier: Apache-2.0
// The hook through which a grammar, a JSON schema or the caller's own rule limits what may be generated next.
#pragma once

#include <span>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Decides before every token which ones may follow. A constraint belongs to one generation at a time; it starts in
/// the state in which the first generated token (never a prompt token) is to be decided.
///
/// For each token the generation calls apply(), samples, then accept() with the token that was chosen. End tokens are
/// ordinary tokens here: apply() must forbid them while the text is incomplete and accept() may be given one.
struct token_constraint {
    token_constraint() = default;
    token_constraint(const token_constraint&) = default;
    token_constraint& operator=(const token_constraint&) = default;
    virtual ~token_constraint() = default;

    /// Sets the logit of every token that may not follow to minus infinity. `logits` has n_vocab values, those of
    /// the model after bias and the caller's callback; other values stay as they are.
    virtual void apply(std::span<float> logits) noexcept = 0;

    /// Takes note of the token that was chosen.
    virtual void accept(token id) noexcept = 0;

    /// True when the text is complete and nothing may follow: the generation then ends with finish_reason::constraint.
    [[nodiscard]] virtual bool finished() const noexcept = 0;
};

NIBBLE_NAMESPACE_END
