// SPDX-License-Identifier: Apache-2.0
// Rotary position embedding: how fast each pair of a head turns, and the cosines and sines of a position.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <vector>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The rotation of the first `dims` values of a head (Su et al., RoFormer): pair i, which is (2i, 2i + 1), turns by
/// base^(-2i / dims) radians a position. Angles are computed in double and only their cosines and sines are rounded:
/// at position 65,535 a float angle would be off by up to 0.004. Immutable once set up.
class rotation {
public:
    rotation() = default;
    rotation(std::size_t dims, double base) : speeds_(dims / 2), base_(base) {
        for (std::size_t i = 0; i < speeds_.size(); ++i)
            speeds_[i] = std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(dims));
    }

    /// Values of a head that rotate.
    [[nodiscard]] std::size_t dims() const noexcept { return 2 * speeds_.size(); }

    /// Divides the speed of each pair: the tensor rope_freqs. One divisor per pair.
    void divide(std::span<const float> divisors) noexcept {
        for (std::size_t i = 0; i < speeds_.size(); ++i) speeds_[i] /= static_cast<double>(divisors[i]);
    }

    /// Linear interpolation: positions count 1 / factor.
    void interpolate(double factor) noexcept {
        for (double& speed : speeds_) speed /= factor;
    }

    /// YaRN (Peng et al., arXiv 2309.00071): pairs that turn more than `beta_fast` times within the original context
    /// keep their speed, those below `beta_slow` turns are interpolated, a ramp lies between; cos and sin grow by
    /// attn_factor * (1 + 0.1 ln(factor)).
    void interpolate_yarn(double factor, double original_context, double beta_fast, double beta_slow,
                          double attn_factor) noexcept {
        const auto pair_of = [&](double turns) {  // which pair makes so many turns
            return static_cast<double>(dims()) * std::log(original_context / (turns * 2 * std::numbers::pi)) /
                   (2 * std::log(base_));
        };
        const double low = std::max(0.0, std::floor(pair_of(beta_fast)));
        const double high = std::min(static_cast<double>(dims()) - 1, std::ceil(pair_of(beta_slow)));
        for (std::size_t i = 0; i < speeds_.size(); ++i) {
            const double kept = 1 - std::clamp((static_cast<double>(i) - low) / std::max(0.001, high - low), 0.0, 1.0);
            speeds_[i] *= (1 - kept) / factor + kept;
        }
        magnitude_ = attn_factor * (1 + 0.1 * std::log(factor));
    }

    /// turns[2i] and turns[2i + 1] = cosine and sine of pair i at `position`, times the magnitude; dims() values.
    void turns(std::size_t position, float* turns) const noexcept {
        for (std::size_t i = 0; i < speeds_.size(); ++i) {
            const double angle = static_cast<double>(position) * speeds_[i];
            turns[2 * i] = static_cast<float>(std::cos(angle) * magnitude_);
            turns[2 * i + 1] = static_cast<float>(std::sin(angle) * magnitude_);
        }
    }

private:
    std::vector<double> speeds_;
    double base_ = 0;
    double magnitude_ = 1;
};

NIBBLE_NAMESPACE_END
