// SPDX-License-Identifier: Apache-2.0
// How many tokens to guess: as many as pay, by how many of the guesses before came true.
#pragma once

#include <array>
#include <cstddef>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Follows one drafter in one generation. No clock decides: equal texts are guessed in equal steps.
class draft_length {
public:
    /// `cost` of a guess: token_drafter::cost().
    explicit draft_length(double cost) noexcept : cost_(cost) {}

    /// At most `most`. 0 where guesses cost more than they save; then 1 now and then, to see whether they still do.
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
        n_passed_over_ = (n_passed_over_ + 1) % look_again;
        return n_passed_over_ == 0 ? 1 : 0;
    }

    /// Of `guessed` > 0 tokens the first `came_true` did; what comes behind the first wrong one says nothing.
    void note(std::size_t guessed, std::size_t came_true) noexcept {
        n_guessed_ += static_cast<double>(came_true + (came_true < guessed ? 1 : 0));
        n_true_ += static_cast<double>(came_true);
        if (n_guessed_ < remembered) return;
        n_guessed_ /= 2;
        n_true_ /= 2;
    }

private:
    static constexpr double remembered = 32;       // guesses, before the old ones count half
    static constexpr std::size_t look_again = 24;  // a wrong guess then costs 0.01 of the time

    /// The time of a pass over n tokens, where one token takes 1. Measured on SmolLM2-135M with AVX-512 and one thread,
    /// where it is dearest: gemv for up to 6 tokens, then gemm, whose groups take the same time however full they are.
    [[nodiscard]] static double pass_cost(std::size_t n) noexcept {
        constexpr std::array gemv{1.0, 1.2, 2.0, 2.1, 2.8, 3.2};
        constexpr std::size_t group = 16;
        return n <= gemv.size() ? gemv[n - 1] : 3.2 * static_cast<double>((n + group - 1) / group);
    }

    double cost_;
    double n_guessed_ = 0, n_true_ = 0;  // lately
    std::size_t n_passed_over_ = 0;
};

}  // namespace detail
NIBBLE_NAMESPACE_END
