// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/logprob_records.hpp: how they grow.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

#include <nibble/core/array_view.hpp>
#include <nibble/core/error.hpp>
#include <nibble/generate/logprob_records.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

NIBBLE_FUNCTION void logprob_records::reserve(std::size_t n_tokens, std::size_t n_beside) {
    constexpr std::size_t most = (std::size_t{8} << 20) / sizeof(token_logprob);
    records_.reserve(n_tokens);
    beside_.reserve(std::min(n_tokens, most / n_beside + 1) * n_beside);
}

NIBBLE_FUNCTION void logprob_records::add(token_logprob picked, array_view<token_logprob> beside) {
    const std::size_t begin = beside_.size();
    beside_.insert(beside_.end(), beside.begin(), beside.end());
    records_.push_back({picked, begin, beside_.size()});
}

NIBBLE_FUNCTION array_view<token_logprob> logprob_records::top(std::size_t i) const {
    const record& found = at(i);
    return std::span{beside_}.subspan(found.begin, found.end - found.begin);
}

NIBBLE_FUNCTION const logprob_records::record& logprob_records::at(std::size_t i) const {
    if (i >= records_.size())
        throw error(errc::ctx_bad_range, "log-probabilities", "an index below " + std::to_string(records_.size()),
                    std::to_string(i));
    return records_[i];
}

}  // namespace detail
NIBBLE_NAMESPACE_END
