// SPDX-License-Identifier: Apache-2.0
// Picks the next token from the logits of a position.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/arg_max.hpp>
#include <nibble/generate/candidates.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/generate/repetition.hpp>
#include <nibble/generate/rng.hpp>
#include <nibble/generate/token_logprob.hpp>
#include <nibble/generate/token_weight.hpp>
#include <nibble/ops/largest_value.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Where a sampler is in a text, beside its options.
struct sampler_state {
    std::uint64_t random = 0;  ///< the counter of its generator
    float mirostat_mu = 0.0f;  ///< bits: the most surprise that the next token may have
};

/// Turns logits into tokens by the options it was configured with. Room for a vocabulary is taken once; sample()
/// allocates nothing. The same seed, options and logits give the same tokens on every machine. One thread at a time.
class sampler {
public:
    /// Throws errc::limit_exceeded for vocabularies of more than 2^24 tokens.
    explicit sampler(std::size_t n_vocab) : list_(checked_size(n_vocab)), logits_(n_vocab) {}

    /// Throws as validate() and configure() do.
    sampler(std::size_t n_vocab, const generation_options& options, std::size_t max_history = 0) : sampler(n_vocab) {
        configure(options, max_history);
    }

    /// Starts anew with these options. `max_history` is the longest history that sample() will be given when penalties
    /// or DRY are on. `dry_breakers`: the tokens whose text contains a sequence breaker, in ascending order.
    /// Throws as validate() does, and then nothing has changed.
    void configure(const generation_options& options, std::size_t max_history = 0,
                   std::vector<token> dry_breakers = {}) {
        validate(options, n_vocab());
        const bool penalties =
            options.repeat_penalty != 1.0f || options.presence_penalty != 0.0f || options.frequency_penalty != 0.0f;
        const bool dry = options.dry_multiplier > 0.0f;
        generation_options copy = options;
        if (penalties || dry) counts_.resize(n_vocab());
        if (dry) matches_.resize(std::max(matches_.size(), max_history));
        top_.reserve(static_cast<std::size_t>(options.n_probs));
        top_.clear();
        options_ = std::move(copy);
        dry_breakers_ = std::move(dry_breakers);
        penalties_ = penalties;
        dry_ = dry;
        random_ = random_generator{options.seed};
        mirostat_mu_ = 2.0f * options.mirostat_tau;
    }

    /// What another one, configured alike, goes on from.
    [[nodiscard]] sampler_state state() const noexcept { return {random_.counter(), mirostat_mu_}; }
    void go_on_from(const sampler_state& at) noexcept {
        random_ = random_generator{at.random};
        mirostat_mu_ = at.mirostat_mu;
    }

    [[nodiscard]] std::size_t n_vocab() const noexcept { return logits_.size(); }

    /// The next token, for n_vocab logits and the tokens before it (only penalties and DRY look at them). Every token
    /// of the history is below n_vocab. The constraint of the options holds where `constrained`. Throws
    /// errc::sample_no_finite_logits when nothing can be picked, and what on_logits throws; the sampler is then as
    /// before the call. `best`: what arg_max(logits) is, where it is known; greedy sampling then reads no logits.
    [[nodiscard]] token sample(std::span<const float> logits, std::span<const token> history = {},
                               bool constrained = true, const largest_value* best = nullptr) {
        const auto picked = adjusted(logits, history, constrained ? options_.constraint : nullptr, best);
        if (!picked)
            throw error(errc::sample_no_finite_logits, "sampler", "at least one token with a finite logit",
                        "none of " + std::to_string(logits.size()));
        return *picked;
    }

    /// With n_probs > 0: the most likely tokens of the last sample() in order, and the one that was picked. They are
    /// those of the model: before bias, penalties and temperature; see probs_of_allowed.
    [[nodiscard]] array_view<token_logprob> top_logprobs() const noexcept { return top_; }
    [[nodiscard]] token_logprob picked_logprob() const noexcept { return picked_; }

private:
    static std::size_t checked_size(std::size_t n_vocab) {
        if (n_vocab > std::size_t{1} << 24)
            throw error(errc::limit_exceeded, "sampler", "at most 2^24 tokens", std::to_string(n_vocab));
        return n_vocab;
    }

    /// Applies bias, callback and constraint where there are any; then the rest, which cannot throw.
    std::optional<token> adjusted(std::span<const float> logits, std::span<const token> history,
                                  token_constraint* constraint, const largest_value* best) {
        std::span<const float> own = logits;
        if (constraint || options_.on_logits || !options_.logit_bias.empty()) {
            std::copy(logits.begin(), logits.end(), logits_.begin());
            for (const auto& [id, bias] : options_.logit_bias) logits_[static_cast<std::size_t>(id)] += bias;
            if (options_.on_logits) options_.on_logits(logits_);
            if (constraint) constraint->apply(logits_);
            own = logits_;
            best = nullptr;
        }
        return choose(logits, own, history, best);
    }

    std::optional<token> choose(std::span<const float> model_logits, std::span<const float> logits,
                                std::span<const token> history, const largest_value* best) noexcept {
        const bool greedy = options_.temperature == 0.0f;
        std::optional<token> picked;
        if (greedy && !penalties_ && !dry_) {
            picked = best ? token_of(*best) : arg_max(logits);
        } else {
            list_.assign(logits);
            if (!list_.empty()) picked = greedy ? choose_best(history) : draw(history);
        }
        if (picked && options_.n_probs > 0) note_logprobs(model_logits, logits, *picked);
        return picked;
    }

    token choose_best(std::span<const token> history) noexcept {
        for (const auto stage : options_.order) {
            if (stage == sampling_stage::penalties) penalise(history);
            if (stage == sampling_stage::dry) penalise_repetition(history);
        }
        return list_.best().id;
    }

    token draw(std::span<const token> history) noexcept {
        for (const auto stage : options_.order) {
            switch (stage) {
                case sampling_stage::penalties: penalise(history); break;
                case sampling_stage::dry: penalise_repetition(history); break;
                case sampling_stage::temperature: list_.apply_temperature(options_.temperature); break;
                default:
                    if (!options_.mirostat) filter(stage);
            }
        }
        if (!options_.mirostat) return list_.draw(random_.next_double()).id;
        list_.keep_surprise(mirostat_mu_);
        const candidate picked = list_.draw(random_.next_double());
        const float off_target =
            candidate_list::surprise(picked.logit, list_.best().logit, log2_of(list_.total_weight())) -
            options_.mirostat_tau;
        mirostat_mu_ = static_cast<float>(static_cast<double>(mirostat_mu_) -
                                          static_cast<double>(options_.mirostat_eta) * static_cast<double>(off_target));
        return picked.id;
    }

    void filter(sampling_stage stage) noexcept {
        switch (stage) {
            case sampling_stage::top_n_sigma:
                if (options_.top_n_sigma > 0.0f) list_.keep_top_n_sigma(options_.top_n_sigma);
                break;
            case sampling_stage::top_k:
                if (const auto k = static_cast<std::size_t>(options_.top_k); k > 0 && k < list_.size())
                    list_.keep_top_k(k);
                break;
            case sampling_stage::typical: list_.keep_typical(options_.typical_p); break;
            case sampling_stage::top_p: list_.keep_top_p(options_.top_p); break;
            case sampling_stage::min_p:
                if (options_.min_p > 0.0f) list_.keep_min_p(options_.min_p);
                break;
            case sampling_stage::xtc:
                if (options_.xtc_probability > 0.0f &&
                    random_.next_double() < static_cast<double>(options_.xtc_probability))
                    list_.remove_top_choices(options_.xtc_threshold);
                break;
            default: break;  // the stages that are no filters
        }
    }

    void penalise(std::span<const token> history) noexcept {
        if (!penalties_) return;
        const auto window = last_tokens(history, options_.repeat_last_n);
        count_tokens(window, counts_);
        const auto repeat = static_cast<double>(options_.repeat_penalty);
        const auto frequency = static_cast<double>(options_.frequency_penalty);
        const auto presence = static_cast<double>(options_.presence_penalty);
        list_.change_logits([&](token id, float logit) {
            const auto count = counts_[static_cast<std::size_t>(id)];
            const auto value = static_cast<double>(logit);
            if (count == 0) return value;
            // Products of two floats are exact as doubles: a fused addition gives the same bits.
            return (value > 0.0 ? value / repeat : value * repeat) -
                   (static_cast<double>(count) * frequency + presence);
        });
        clear_counts(window, counts_);
    }

    void penalise_repetition(std::span<const token> history) noexcept {
        if (!dry_) return;
        auto window = last_tokens(history, options_.dry_penalty_last_n);
        window = window.last(std::min(window.size(), matches_.size()));
        repetition_lengths(
            window, [&](token id) { return std::binary_search(dry_breakers_.begin(), dry_breakers_.end(), id); },
            matches_, counts_);
        const auto allowed = static_cast<std::uint32_t>(options_.dry_allowed_length);
        list_.change_logits([&](token id, float logit) {
            const auto length = counts_[static_cast<std::size_t>(id)];
            const auto value = static_cast<double>(logit);
            if (length < allowed) return value;
            return value - dry_penalty(length - allowed);
        });
        clear_counts(window, counts_);
    }

    /// multiplier * base^exponent by repeated products, held at 1e30 so that every result stays finite.
    [[nodiscard]] double dry_penalty(std::uint32_t exponent) const noexcept {
        constexpr double most = 1e30;
        auto penalty = static_cast<double>(options_.dry_multiplier);
        if (options_.dry_base > 1.0f)
            for (; exponent > 0 && penalty < most; --exponent) penalty *= static_cast<double>(options_.dry_base);
        return std::min(penalty, most);
    }

    /// `own`: the logits after bias, callback and constraint.
    void note_logprobs(std::span<const float> logits, std::span<const float> own, token picked) noexcept {
        list_.assign(logits);
        if (options_.probs_of_allowed) list_.keep_finite_in(own);
        top_.clear();
        picked_ = {picked, -std::numeric_limits<float>::infinity()};
        if (list_.empty()) return;
        const log_probabilities logprobs{list_};
        picked_.logprob = logprobs.of(logits[static_cast<std::size_t>(picked)]);
        list_.keep_top_k(static_cast<std::size_t>(options_.n_probs));
        for (const auto& item : list_.items()) top_.push_back({item.id, logprobs.of(item.logit)});
    }

    generation_options options_;
    candidate_list list_;
    std::vector<float> logits_;           // n_vocab; the model's, changed by bias, callback and constraint
    token_counts counts_;                 // n_vocab once penalties or DRY were on; all zero between uses
    std::vector<std::uint32_t> matches_;  // max_history once DRY was on
    std::vector<token> dry_breakers_;
    std::vector<token_logprob> top_;
    token_logprob picked_{};
    random_generator random_;
    float mirostat_mu_ = 0.0f;
    bool penalties_ = false, dry_ = false;
};

NIBBLE_NAMESPACE_END
