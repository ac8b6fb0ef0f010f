// SPDX-License-Identifier: Apache-2.0
// Drafts: guesses of how a text goes on, which the model checks several at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Guesses tokens. What it guesses decides how long a text takes, never what the text is: each token is sampled as it
/// would be without, and a guess that is another one was in vain. It serves one generation at a time.
struct token_drafter {
    token_drafter() = default;
    token_drafter(const token_drafter&) = default;
    token_drafter& operator=(const token_drafter&) = default;
    virtual ~token_drafter() = default;

    /// Appends up to `most` tokens that may follow `text`, the prompt and the reply so far. None where it knows none,
    /// or where `when` ends it.
    virtual void guess(std::span<const token> text, std::size_t most, const stop_when& when,
                       std::vector<token>& out) = 0;

    /// The time that a guess takes, where reading a token takes the model 1.
    [[nodiscard]] virtual double cost() const noexcept = 0;
};

/// Guesses what followed the last tokens where they stood before in the text: for replies that repeat much of their
/// prompt or of themselves, such as an edit of a given text.
class prompt_lookup final : public token_drafter {
public:
    /// Fewer equal tokens than these say nothing; more than the most say nothing more.
    static constexpr std::size_t least_equal = 3, most_equal = 24;

    void guess(std::span<const token> text, std::size_t most, const stop_when&, std::vector<token>& out) override {
        const std::size_t at = place(text);
        const auto behind = text.subspan(at, std::min(most, text.size() - at));
        out.insert(out.end(), behind.begin(), behind.end());
    }

    [[nodiscard]] double cost() const noexcept override { return 0; }

private:
    /// Behind the latest of the places where most of the last tokens are; the end of the text where there is none.
    static std::size_t place(std::span<const token> text) noexcept {
        const std::size_t n = text.size();
        std::size_t best = n, longest = least_equal - 1;
        for (std::size_t end = n; end-- > 1 && longest < most_equal;) {
            std::size_t length = 0;
            while (length < std::min(end, most_equal) && text[end - 1 - length] == text[n - 1 - length]) ++length;
            if (length <= longest) continue;
            longest = length;
            best = end;
        }
        return best;
    }
};

/// How a generation drafts; by default not at all. Replies then come several tokens at a time where guesses are right.
/// How many are guessed follows from how many came true: few, or for a while none, where it does not pay.
struct draft_options {
    bool lookup = false;             ///< with prompt_lookup
    token_drafter* model = nullptr;  ///< where that knows nothing: a draft_model, or one of your own; it must outlive
                                     ///< the generation
    std::size_t most = 15;           ///< guesses of a pass
};

NIBBLE_NAMESPACE_END
