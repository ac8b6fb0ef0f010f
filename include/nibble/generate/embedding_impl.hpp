// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/embedding.hpp: how hidden states become vectors.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/embedding.hpp>
#include <nibble/generate/session_state.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

NIBBLE_FUNCTION void normalise(std::span<float> vector) noexcept {
    double squares = 0;
    for (const float value : vector) squares += static_cast<double>(value) * static_cast<double>(value);
    if (squares == 0) return;
    const double length = std::sqrt(squares);
    for (float& value : vector) value = static_cast<float>(static_cast<double>(value) / length);
}

/// The mean of rows that come one after another, summed in their order.
class mean_of_rows {
public:
    explicit mean_of_rows(std::size_t width) : sums_(width) {}

    void add(const float* row) noexcept {
        for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += static_cast<double>(row[i]);
        ++n_;
    }
    /// width values; at least one row was added.
    void write(float* out) const noexcept {
        for (std::size_t i = 0; i < sums_.size(); ++i) out[i] = static_cast<float>(sums_[i] / static_cast<double>(n_));
    }

private:
    std::vector<double> sums_;
    std::size_t n_ = 0;
};

NIBBLE_FUNCTION std::vector<float> embed(session_state& session, std::span<const token> text, pooling how,
                                         const embed_options& options) {
    session.check_tokens(text, 0, "text");
    const std::size_t n_embd = session.source().config().n_embd;
    std::vector<float> hidden((how == pooling::none ? text.size() : std::min(text.size(), session.batch())) * n_embd);
    mean_of_rows mean{n_embd};
    // The cache has no hidden states: those of all tokens take reading all of them.
    const std::size_t reused = how == pooling::last ? session.reusable_prefix(text) : 0;
    session.rewind(reused);
    float* rows = hidden.data();
    for (std::size_t done = reused, n; done < text.size(); done += n) {
        n = std::min(text.size() - done, session.batch());
        if (!session.read_hidden(text.subspan(done, n), rows, options.cancel)) return {};
        if (how == pooling::mean)
            for (std::size_t t = 0; t < n; ++t) mean.add(rows + t * n_embd);
        if (how == pooling::last) std::copy(rows + (n - 1) * n_embd, rows + n * n_embd, rows);
        if (how == pooling::none) rows += n * n_embd;
    }
    if (how == pooling::mean) mean.write(hidden.data());
    if (how != pooling::none) hidden.resize(n_embd);
    session.require_finite(hidden, "hidden states");
    for (std::size_t at = 0; options.normalised && at < hidden.size(); at += n_embd)
        normalise(std::span{hidden}.subspan(at, n_embd));
    return hidden;
}

}  // namespace detail
NIBBLE_NAMESPACE_END
