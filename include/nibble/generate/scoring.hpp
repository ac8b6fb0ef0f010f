// SPDX-License-Identifier: Apache-2.0
// How likely a model finds texts behind a prefix.
#pragma once

#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The log-likelihood of a text behind a prefix: natural logarithms of probabilities.
struct scored_text {
    double total = 0;             ///< of the whole text: the sum of `logprobs`
    std::vector<token> tokens;    ///< of the text
    std::vector<float> logprobs;  ///< of each of them, given all that stands before it

    /// For each token: what to compare texts of different lengths by. 0 of an empty text.
    [[nodiscard]] double mean() const noexcept {
        return tokens.empty() ? 0.0 : total / static_cast<double>(tokens.size());
    }
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/scoring_impl.hpp>
#endif
