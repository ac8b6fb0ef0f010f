// SPDX-License-Identifier: Apache-2.0
// How likely a model finds texts behind a prefix.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/array_view.hpp>
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

class tokenizer;

namespace detail {

class session_state;

/// A prefix and what may follow it, in tokens.
struct alternatives_of_prefix {
    std::vector<token> prefix;
    std::vector<std::vector<token>> alternatives;
};

/// A token may reach across the seam: prefix and alternative are encoded as the one text that they are, and the seam is
/// put behind the last token that the prefix has in common with all of these texts. What is left of the prefix then
/// belongs to each alternative alike, so that their likelihoods can still be compared.
/// Throws errc::ctx_bad_size where nothing is left of the prefix, errc::text_too_long.
[[nodiscard]] NIBBLE_FUNCTION alternatives_of_prefix encode_alternatives(const tokenizer& words,
                                                                         std::string_view prefix,
                                                                         const std::vector<std::string>& alternatives);

/// See session::score.
[[nodiscard]] NIBBLE_FUNCTION std::vector<scored_text> score(session_state& session, std::span<const token> prefix,
                                                             array_view<std::vector<token>> alternatives,
                                                             const std::atomic<bool>* cancel);

}  // namespace detail
NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/scoring_impl.hpp>
#endif
