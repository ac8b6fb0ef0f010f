// SPDX-License-Identifier: Apache-2.0
// The log-probabilities of the tokens of a reply, and of those most likely in the place of each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/generate/sampler.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Grows by one token at a time.
class logprob_records {
public:
    /// Takes memory for `n_tokens` of them, up to 8 MB for the others beside each.
    void reserve(std::size_t n_tokens, std::size_t n_beside) {
        constexpr std::size_t most = (std::size_t{8} << 20) / sizeof(token_logprob);
        records_.reserve(n_tokens);
        beside_.reserve(std::min(n_tokens, most / n_beside + 1) * n_beside);
    }

    void add(token_logprob picked, std::span<const token_logprob> beside) {
        const std::size_t begin = beside_.size();
        beside_.insert(beside_.end(), beside.begin(), beside.end());
        records_.push_back({picked, begin, beside_.size()});
    }

    /// Token i. Throws errc::ctx_bad_range beyond the last, as top does.
    [[nodiscard]] token_logprob picked(std::size_t i) const { return at(i).picked; }
    /// The most likely tokens in its place. Valid until the next one is added.
    [[nodiscard]] std::span<const token_logprob> top(std::size_t i) const {
        const record& found = at(i);
        return std::span{beside_}.subspan(found.begin, found.end - found.begin);
    }

private:
    struct record {
        token_logprob picked;
        std::size_t begin, end;  // in beside_
    };

    [[nodiscard]] const record& at(std::size_t i) const {
        if (i >= records_.size())
            throw error(errc::ctx_bad_range, "log-probabilities", "an index below " + std::to_string(records_.size()),
                        std::to_string(i));
        return records_[i];
    }

    std::vector<record> records_;
    std::vector<token_logprob> beside_;
};

}  // namespace detail
NIBBLE_NAMESPACE_END
