// SPDX-License-Identifier: Apache-2.0
// Drafts by a small model with the vocabulary of the large one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/draft.hpp>
#include <nibble/generate/sampler.hpp>
#include <nibble/generate/session.hpp>
#include <nibble/model/model.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Guesses what a small model finds most likely. It has a session of its own, which keeps what it has read from one
/// generation to the next.
class draft_model final : public token_drafter {
public:
    /// Guesses for `large`. Its context should be that of the session it serves: beyond it there are no guesses. Throws
    /// errc::bad_option where the ids of the two mean different texts, and what a session throws.
    draft_model(const model& small, const model& large, const session_options& options = {})
        : session_(small, options), cost_(bytes_of(small) / bytes_of(large)) {
        const tokenizer &mine = small.tokenizer(), &theirs = large.tokenizer();
        for (std::size_t i = 0; i < std::min(mine.n_vocab(), theirs.n_vocab()); ++i) {
            const auto id = static_cast<token>(i);
            const auto found = mine.piece(id, {.special = true}), expected = theirs.piece(id, {.special = true});
            if (found != expected)
                throw error(errc::bad_option, "token " + std::to_string(i) + " of the draft model",
                            "'" + escaped(expected) + "', as the model has it", "'" + escaped(found) + "'");
        }
    }

    void guess(std::span<const token> text, std::size_t most, const stop_when& when, std::vector<token>& out) override {
        most = std::min(most, session_.context() - std::min(text.size(), session_.context()));
        if (most == 0 || text.empty() || !follow(text, when)) return;
        for (std::size_t i = 0; i < most; ++i) {
            const auto best = arg_max(session_.logits());
            if (!best) return;
            out.push_back(*best);
            if (i + 1 < most && !session_.prefill({&*best, 1}, when.cancel, when.deadline)) return;
        }
    }

    [[nodiscard]] double cost() const noexcept override { return cost_; }

private:
    /// Reads what is new of a text; false where it cannot.
    bool follow(std::span<const token> text, const stop_when& when) {
        const std::size_t n_known = session_.reusable_prefix(text);
        session_.rewind(n_known);
        const auto unread = text.subspan(n_known);
        const auto is_known = [this](token id) {
            return static_cast<std::size_t>(id) < session_.model().config().n_vocab;
        };
        if (!all_of(unread, is_known)) return false;
        return session_.prefill(unread, when.cancel, when.deadline);
    }

    static double bytes_of(const model& m) {
        double bytes = 0;
        for (const auto& tensor : m.file().tensors()) bytes += static_cast<double>(tensor.bytes.size());
        return bytes;
    }

    session session_;
    double cost_;
};

NIBBLE_NAMESPACE_END
