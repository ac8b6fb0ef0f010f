// SPDX-License-Identifier: Apache-2.0
// The log-probabilities of the tokens of a reply, and of those most likely in the place of each.
#pragma once

#include <cstddef>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/generate/token_logprob.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Grows by one token at a time.
class logprob_records {
public:
    /// Takes memory for `n_tokens` of them, up to 8 MB for the others beside each.
    void reserve(std::size_t n_tokens, std::size_t n_beside);

    void add(token_logprob picked, array_view<token_logprob> beside);

    /// Token i. Throws errc::ctx_bad_range beyond the last, as top does.
    [[nodiscard]] token_logprob picked(std::size_t i) const { return at(i).picked; }
    /// The most likely tokens in its place. Valid until the next one is added.
    [[nodiscard]] array_view<token_logprob> top(std::size_t i) const;

private:
    struct record {
        token_logprob picked;
        std::size_t begin, end;  // in beside_
    };

    [[nodiscard]] const record& at(std::size_t i) const;

    std::vector<record> records_;
    std::vector<token_logprob> beside_;
};

}  // namespace detail
NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/logprob_records_impl.hpp>
#endif
