// SPDX-License-Identifier: Apache-2.0
// The tokens that are still in the running for the next position, and the filters that thin them out.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/token_weight.hpp>

NIBBLE_NAMESPACE_BEGIN

struct candidate {
    token id;
    float logit;  ///< always finite
};

/// More likely first, the lower id where logits are equal: a total order, so that every selection is unique.
[[nodiscard]] constexpr bool more_likely(const candidate& a, const candidate& b) noexcept {
    return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

/// A list of candidates with room for a whole vocabulary, taken once. Between calls it is either in order of id, as
/// assign() leaves it, or in order of likelihood, once a filter had to sort. Never empty after an assign() that found
/// something: every filter keeps at least the best candidate it was given.
/// No float is the sum of products, so a compiler that fuses multiplications and additions changes nothing.
class candidate_list {
public:
    explicit candidate_list(std::size_t n_vocab) : room_(n_vocab) {}

    /// Takes the finite ones of one logit per token. NaN and infinities can never be picked.
    /// logits.size() is at most the n_vocab of the constructor.
    void assign(std::span<const float> logits) noexcept {
        size_ = 0;
        for (std::size_t id = 0; id < logits.size(); ++id) {
            room_[size_] = {static_cast<token>(id), logits[id]};
            size_ += std::abs(logits[id]) <= std::numeric_limits<float>::max();
        }
        sorted_ = false;
    }

    /// Keeps those whose value in `others`, one per token, is finite too.
    void keep_finite_in(std::span<const float> others) noexcept {
        keep_if([&](const candidate& item) { return std::isfinite(others[static_cast<std::size_t>(item.id)]); });
    }

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] array_view<candidate> items() const noexcept { return {room_.data(), size_}; }

    /// The best candidate; the list must not be empty.
    [[nodiscard]] const candidate& best() const noexcept {
        const candidate* best = room_.data();
        if (sorted_) return *best;
        for (const auto& item : items())
            if (item.logit > best->logit) best = &item;
        return *best;
    }

    /// Weight of a logit where the best one is `best`.
    [[nodiscard]] static weight_t weight(float logit, float best) noexcept {
        return exp_weight(static_cast<double>(best) - static_cast<double>(logit));
    }

    /// Sum of the weights: the probability of a candidate is its weight divided by this.
    [[nodiscard]] weight_t total_weight() const noexcept {
        const float top = best().logit;
        weight_t total = 0;
        for (const auto& item : items()) total += weight(item.logit, top);
        return total;
    }

    /// Replaces each logit by change(id, logit), a double that is not NaN; held at the limits of a float.
    template <class Change>
    void change_logits(Change change) noexcept {
        constexpr double limit = std::numeric_limits<float>::max();
        for (candidate* item = room_.data(); item != room_.data() + size_; ++item)
            item->logit = static_cast<float>(std::clamp<double>(change(item->id, item->logit), -limit, limit));
        sorted_ = false;
    }

    /// Logits above the best become 0 and below, then are divided: nothing overflows, however small the temperature.
    void apply_temperature(float temperature) noexcept {
        const float top = best().logit;
        const bool sorted = sorted_;
        change_logits([&](token, float logit) {
            return (static_cast<double>(logit) - static_cast<double>(top)) / static_cast<double>(temperature);
        });
        sorted_ = sorted;
    }

    /// Keeps the k best, or all, in order of likelihood.
    void keep_top_k(std::size_t k) noexcept {
        k = std::min(k, size_);
        if (!sorted_) bring_forward(0, k, more_likely);
        size_ = k;
        sorted_ = true;
    }

    /// Keeps the fewest best candidates that hold at least the share p of the probability.
    void keep_top_p(float p) noexcept { keep_mass(p, more_likely, sorted_); }

    /// Keeps candidates at least p times as likely as the best.
    void keep_min_p(float p) noexcept {
        const float top = best().logit;
        const auto least = share_of(weight_of_best, p);
        keep_if([&](const candidate& item) { return weight(item.logit, top) >= least; });
    }

    /// Keeps logits within n standard deviations of the best.
    void keep_top_n_sigma(float n) noexcept {
        const double count = static_cast<double>(size_);
        double sum = 0;
        for (const auto& item : items()) sum += static_cast<double>(item.logit);
        const double mean = sum / count;
        double squares = 0;
        for (const auto& item : items()) {
            const double deviation = static_cast<float>(static_cast<double>(item.logit) - mean);
            squares += deviation * deviation;  // exact: a product of two floats has 48 bits
        }
        const double top = static_cast<double>(best().logit);
        const auto reach = static_cast<float>(std::sqrt(squares / count));
        const double range = static_cast<double>(n) * static_cast<double>(reach);
        keep_if([&](const candidate& item) { return top - static_cast<double>(item.logit) <= range; });
    }

    /// Keeps the candidates whose surprise is closest to the expected one, until they hold the share p.
    void keep_typical(float p) noexcept {
        // Surprise of x: log(total) + below(x), with below = best - logit; its expectation: log(total) + mean(below).
        // The logarithm cancels in the difference.
        if (p >= 1.0f) return;
        const float top = best().logit;
        double sum = 0;
        for (const auto& item : items()) {
            const auto share = static_cast<float>(weight(item.logit, top));
            if (share > 0.0f) sum += static_cast<double>(share) * static_cast<double>(top - item.logit);
        }
        const double expected = sum / static_cast<double>(total_weight());
        const auto distance = [&](const candidate& item) {
            return std::abs(static_cast<double>(top) - static_cast<double>(item.logit) - expected);
        };
        keep_mass(
            p,
            [&](const candidate& a, const candidate& b) {
                const double da = distance(a), db = distance(b);
                return da < db || (da == db && more_likely(a, b));
            },
            false);
        std::sort(room_.data(), room_.data() + size_, more_likely);
    }

    /// Removes every candidate at least as likely as the threshold, except the least likely of these.
    void remove_top_choices(float threshold) noexcept {
        const float top = best().logit;
        const auto least = share_of(total_weight(), threshold);
        const candidate* kept = nullptr;
        for (const auto& item : items())
            if (weight(item.logit, top) >= least && (!kept || more_likely(*kept, item))) kept = &item;
        if (!kept) return;
        const candidate last = *kept;
        keep_if([&](const candidate& item) { return item.id == last.id || weight(item.logit, top) < least; });
    }

    /// Surprise of a candidate in bits: -log2 of its probability, where log2_of the total weight is `log_total`.
    [[nodiscard]] static float surprise(float logit, float best, double log_total) noexcept {
        constexpr double bits_per_unit = 1.4426950408889634;  // log2(e)
        const auto below = static_cast<float>((static_cast<double>(best) - static_cast<double>(logit)) * bits_per_unit);
        return below + static_cast<float>(log_total);
    }

    /// Keeps the candidates that surprise by at most this many bits, or the best one.
    void keep_surprise(float most) noexcept {
        const candidate first = best();
        const double log_total = log2_of(total_weight());
        keep_if([&](const candidate& item) {
            return item.id == first.id || surprise(item.logit, first.logit, log_total) <= most;
        });
    }

    /// Draws by probability; `uniform` in [0, 1).
    [[nodiscard]] candidate draw(double uniform) const noexcept {
        const float top = best().logit;
        const auto target = static_cast<weight_t>(uniform * static_cast<double>(total_weight()));
        weight_t sum = 0;
        const candidate* last = &best();
        for (const auto& item : items()) {
            const auto own = weight(item.logit, top);
            if (own == 0) continue;
            last = &item;
            sum += own;
            if (sum > target) break;
        }
        return *last;  // the total rounded up to a double may lie just above the last sum
    }

private:
    /// Makes [from, to) the first ones after `from` in the order `before`. A heap of the leaders passes over the rest
    /// once, comparing mostly against its root; from some length on, quickselect and a sort cost less.
    template <class Before>
    void bring_forward(std::size_t from, std::size_t to, Before before) noexcept {
        constexpr std::size_t longest_heap = 256;
        candidate* const first = room_.data() + from;
        candidate* const middle = room_.data() + to;
        candidate* const last = room_.data() + size_;
        if (to - from <= longest_heap) {
            std::partial_sort(first, middle, last, before);
        } else {
            if (middle != last) std::nth_element(first, middle, last, before);
            std::sort(first, middle, before);
        }
    }

    /// Keeps the first candidates in the order `before` that together hold the share p; sorts no more of the list
    /// than it has to look at.
    template <class Before>
    void keep_mass(float p, Before before, bool sorted) noexcept {
        if (p >= 1.0f) return;
        const float top = best().logit;
        const auto target = std::max<weight_t>(share_of(total_weight(), p), 1);
        weight_t sum = 0;
        std::size_t chunk = 64;
        for (std::size_t i = 0, n_sorted = sorted ? size_ : 0; i < size_; ++i) {
            if (i == n_sorted) {
                n_sorted = std::min(size_, i + chunk);
                bring_forward(i, n_sorted, before);
                chunk *= 4;
            }
            sum += weight(room_[i].logit, top);
            if (sum >= target) {
                size_ = i + 1;
                break;
            }
        }
        sorted_ = true;
    }

    template <class Keep>
    void keep_if(Keep keep) noexcept {
        candidate* const end =
            std::remove_if(room_.data(), room_.data() + size_, [&](const candidate& item) { return !keep(item); });
        size_ = static_cast<std::size_t>(end - room_.data());
    }

    [[nodiscard]] static weight_t share_of(weight_t total, float share) noexcept {
        return static_cast<weight_t>(static_cast<double>(total) * static_cast<double>(share));
    }

    std::vector<candidate> room_;  // n_vocab; the first size_ are the list
    std::size_t size_ = 0;
    bool sorted_ = false;
};

/// Natural logarithms of probabilities: logit - best - ln(sum of e^(logit - best) over a list that is not empty).
class log_probabilities {
public:
    explicit log_probabilities(const candidate_list& list) noexcept
        : best_(static_cast<double>(list.best().logit)),
          log_total_(static_cast<float>(log2_of(list.total_weight()) * std::numbers::ln2)) {}

    /// Of a token of the list by its logit; minus infinity for a logit that is not finite.
    [[nodiscard]] float of(float logit) const noexcept {
        if (!std::isfinite(logit)) return -std::numeric_limits<float>::infinity();
        return static_cast<float>(static_cast<double>(logit) - best_ - static_cast<double>(log_total_));
    }

private:
    double best_;
    float log_total_;
};

NIBBLE_NAMESPACE_END
