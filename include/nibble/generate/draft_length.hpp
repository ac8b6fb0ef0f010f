// SPDX-License-Identifier: Apache-2.0
// How many tokens to guess: as many as pay, by how many of the guesses before came true.
#pragma once

#include <cstddef>

#include <nibble/core/config.hpp>
#include <nibble/kernels/kernel_set.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Follows one drafter in one generation. No clock decides: equal texts are guessed in equal steps.
class draft_length {
public:
    /// `cost` of a guess: token_drafter::cost(). `passes` over guesses and the token before them.
    draft_length(double cost, const pass_costs& passes) noexcept : cost_(cost), passes_(passes) {}

    /// At most `most`. 0 where guesses cost more than they save; then 1 to see whether they still do: at once where the
    /// last ones came true, otherwise so seldom that wrong ones take 0.01 of the time.
    [[nodiscard]] std::size_t next(std::size_t most) noexcept {
        // With a chance p for each guess, k of them are 1 + p + ... + p^k tokens of a pass.
        const double p = (n_true_ + 1) / (n_guessed_ + 2);
        double tokens = 1, chance = 1, best = 1;
        std::size_t length = 0;
        for (std::size_t k = 1; k <= most; ++k) {
            chance *= p;
            tokens += chance;
            const double gain = tokens / (pass_cost(k + 1) + static_cast<double>(k) * cost_);
            if (gain <= best) continue;
            best = gain;
            length = k;
        }
        if (length > 0 || most == 0) return length;
        if (!came_true_ && ++n_passed_over_ * 0.01 < pass_cost(2) + cost_ - 1) return 0;
        n_passed_over_ = 0;
        return 1;
    }

    /// Of `guessed` > 0 tokens the first `came_true` did; what comes behind the first wrong one says nothing.
    void note(std::size_t guessed, std::size_t came_true) noexcept {
        n_guessed_ += static_cast<double>(came_true + (came_true < guessed ? 1 : 0));
        n_true_ += static_cast<double>(came_true);
        came_true_ = came_true == guessed;
        if (n_guessed_ < remembered) return;
        n_guessed_ /= 2;
        n_true_ /= 2;
    }

private:
    static constexpr double remembered = 32;  // guesses, before the old ones count half

    /// The time of a pass over n tokens, where one token takes 1: between those of `passes_` on a straight line.
    [[nodiscard]] double pass_cost(std::size_t n) const noexcept {
        std::size_t at = 1;  // passes_[i - 1] is the cost of 2^i
        double before = 1;
        for (const float cost : passes_) {
            if (n <= 2 * at) return before + (cost - before) * static_cast<double>(n - at) / static_cast<double>(at);
            before = cost;
            at *= 2;
        }
        return before * static_cast<double>(n) / static_cast<double>(at);
    }

    double cost_;
    pass_costs passes_;
    double n_guessed_ = 0, n_true_ = 0;  // lately
    bool came_true_ = true;              // all of the last ones
    int n_passed_over_ = 0;
};

}  // namespace detail
NIBBLE_NAMESPACE_END
