// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/scoring.hpp: what is read for each alternative.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/candidates.hpp>
#include <nibble/generate/engine_state.hpp>
#include <nibble/generate/scoring.hpp>
#include <nibble/generate/session_state.hpp>
#include <nibble/text/tokenizer.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

NIBBLE_FUNCTION alternatives_of_prefix encode_alternatives(const tokenizer& words, std::string_view prefix,
                                                           const std::vector<std::string>& alternatives) {
    const auto encode = [&words](std::string_view text) {
        std::vector<token> out;
        if (words.adds_bos()) out.push_back(*words.bos());
        words.encode(text, out, {.add_special = false});
        return out;
    };
    alternatives_of_prefix result{encode(prefix), {}};
    auto& [common, texts] = result;
    for (const std::string& alternative : alternatives) {
        const auto& text = texts.emplace_back(encode(std::string{prefix} + alternative));
        common.erase(std::mismatch(common.begin(), common.end(), text.begin(), text.end()).first, common.end());
    }
    if (common.empty())
        throw error(errc::ctx_bad_size, "prefix", "at least one token that is the same before every alternative",
                    "none");
    for (auto& text : texts) text.erase(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(common.size()));
    return result;
}

/// Scores what may follow a prefix that a session holds: alternatives are read side by side, by forks of the session.
class alternative_scorer {
public:
    /// `n_tokens`: of all alternatives together.
    alternative_scorer(session_state& session, std::span<const token> prefix, std::size_t n_tokens,
                       const std::atomic<bool>* cancel)
        : session_(session),
          prefix_(prefix),
          when_{cancel},
          n_vocab_(session.source().config().n_vocab),
          rows_(std::min(n_tokens, rows_at_once) * n_vocab_),
          list_(n_vocab_) {}

    /// Reads of the prefix what the session does not hold; returns false when cancelled.
    bool read_prefix() {
        const std::size_t reused = session_.reusable_prefix(prefix_);
        session_.rewind(reused);
        if (!session_.read(prefix_.subspan(reused), when_)) return false;
        behind_prefix_.assign(session_.logits().begin(), session_.logits().end());
        return true;
    }

    /// Reads as many of `texts`, but the last token of each, as go together, and scores each in `out`; returns how many
    /// these were, 0 when cancelled. The session holds the prefix before and afterwards.
    std::size_t score(array_view<std::vector<token>> texts, scored_text* out) {
        std::vector<sequence_state> forks;
        std::vector<reading> readings;
        forks.reserve(std::min(texts.size(), rows_at_once));
        std::size_t n = 0, n_rows = 0;
        for (; n < texts.size(); ++n) {
            const std::size_t n_read = std::max<std::size_t>(texts[n].size(), 1) - 1;
            if (n_rows + n_read > rows_at_once) break;
            if (n_read == 0) continue;
            readings.push_back({&forks.emplace_back(session_.sequence()), {texts[n].data(), n_read}, n_read});
            if (!session_.engine()->has_room(readings)) {
                readings.pop_back();
                forks.pop_back();
                break;
            }
            n_rows += n_read;
        }
        if (n == 0) return score_alone(texts.front(), *out) ? 1 : 0;
        if (!readings.empty() && session_.engine()->read(readings, {.logits = rows_.data()}, when_) != stop_cause::none)
            return 0;
        std::size_t row = 0;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t t = 0; t < texts[i].size(); ++t)
                add(t == 0 ? std::span<const float>{behind_prefix_} : logits_of(row++), texts[i][t], out[i]);
        return n;
    }

private:
    /// One that is too long to go with others, or has no room beside the prefix, which the session then leaves and
    /// goes back to; returns false when cancelled.
    bool score_alone(std::span<const token> text, scored_text& out) {
        add(behind_prefix_, text.front(), out);
        for (std::size_t done = 0, n; done + 1 < text.size(); done += n) {
            n = std::min(text.size() - 1 - done, rows_at_once);
            if (!session_.read(text.subspan(done, n), when_, rows_.data())) return false;
            for (std::size_t i = 0; i < n; ++i) add(logits_of(i), text[done + i + 1], out);
        }
        if (!session_.keeps(prefix_.size())) return read_prefix();
        session_.rewind(prefix_.size());
        return true;
    }

    [[nodiscard]] std::span<const float> logits_of(std::size_t row) const noexcept {
        return std::span{rows_}.subspan(row * n_vocab_, n_vocab_);
    }

    void add(std::span<const float> logits, token id, scored_text& out) {
        list_.assign(logits);
        if (list_.empty()) session_.require_finite(logits, "logits");
        const float logprob = log_probabilities{list_}.of(logits[static_cast<std::size_t>(id)]);
        out.tokens.push_back(id);
        out.logprobs.push_back(logprob);
        out.total += static_cast<double>(logprob);
    }

    static constexpr std::size_t rows_at_once = 32;  // 16 MB of logits for a vocabulary of 128,256

    session_state& session_;
    std::span<const token> prefix_;
    stop_when when_;
    std::size_t n_vocab_;
    std::vector<float> behind_prefix_, rows_;
    candidate_list list_;
};

NIBBLE_FUNCTION std::vector<scored_text> score(session_state& session, std::span<const token> prefix,
                                               array_view<std::vector<token>> alternatives,
                                               const std::atomic<bool>* cancel) {
    session.check_tokens(prefix, 0, "prefix");
    std::size_t n_tokens = 0;
    for (std::size_t i = 0; i < alternatives.size(); ++i) {
        n_tokens += alternatives[i].size();
        if (!alternatives[i].empty())
            session.check_tokens(alternatives[i], prefix.size(), ("alternative " + std::to_string(i)).c_str());
    }
    alternative_scorer scorer{session, prefix, n_tokens, cancel};
    if (!scorer.read_prefix()) return {};
    std::vector<scored_text> scores(alternatives.size());
    for (std::size_t done = 0, n; done < scores.size(); done += n) {
        n = scorer.score(alternatives.subspan(done), scores.data() + done);
        if (n == 0) return {};
    }
    return scores;
}

}  // namespace detail
NIBBLE_NAMESPACE_END
