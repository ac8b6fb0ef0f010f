// SPDX-License-Identifier: Apache-2.0
// A text as a vector: the hidden states of its tokens, pooled.
#pragma once

#include <atomic>
#include <span>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What becomes of the hidden states of a text's tokens: the residual stream after the last norm, n_embd values each.
enum class pooling {
    mean,  ///< one vector: their mean
    last,  ///< one vector: that of the last token, which has seen the whole text
    none,  ///< all of them, one behind the other: [n_tokens][n_embd]
};

struct embed_options {
    /// Each vector gets length 1, so that the dot product of two is the cosine of their angle. One of zeros stays.
    bool normalised = true;
    const std::atomic<bool>* cancel = nullptr;  ///< as in generation_options
};

namespace detail {

class session_state;

/// Products of two floats are exact as doubles and sums go by index: the same bits from every compiler.
NIBBLE_FUNCTION void normalise(std::span<float> vector) noexcept;

/// See session::embed.
[[nodiscard]] NIBBLE_FUNCTION std::vector<float> embed(session_state& session, std::span<const token> text, pooling how,
                                                       const embed_options& options);

}  // namespace detail
NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/embedding_impl.hpp>
#endif
