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
#include <nibble/core/fixed_math.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The rotation of the first `dims` values of a head (Su et al., RoFormer): pair i turns by base^(-2i / dims) radians a
/// position; which two values make it up is the kernel's affair. An angle is a fixed-point fraction of a turn, which
/// any position multiplies exactly: at position 131,072 it is right to 1e-10, where a float would be off by 0.008. The
/// same bits everywhere (core/fixed_math.hpp): here, a double product only meets a quotient, another product or a
/// function. Immutable once set up.
class rotation {
public:
    rotation() = default;
    rotation(std::size_t dims, double base) : inv_freq_(dims / 2), base_(base) {
        const double octaves = fixed::log2(base);
        for (std::size_t i = 0; i < inv_freq_.size(); ++i)
            inv_freq_[i] = fixed::exp2(octaves * (-2.0 * static_cast<double>(i) / static_cast<double>(dims)));
    }

    /// Values of a head that rotate.
    [[nodiscard]] std::size_t dims() const noexcept { return 2 * inv_freq_.size(); }

    /// Divides the inverse frequency of each pair: the tensor rope_freqs. One divisor per pair.
    void divide(std::span<const float> divisors) noexcept {
        for (std::size_t i = 0; i < inv_freq_.size(); ++i) inv_freq_[i] /= static_cast<double>(divisors[i]);
    }

    /// Linear interpolation: positions count 1 / factor.
    void interpolate(double factor) noexcept {
        for (double& inv_freq : inv_freq_) inv_freq /= factor;
    }

    /// YaRN (Peng et al., arXiv 2309.00071): pairs that turn more than `beta_fast` times within the original context
    /// keep their speed, those below `beta_slow` turns are interpolated, a ramp lies between, from one whole pair to
    /// another or from where these turns would be.
    void interpolate_yarn(double factor, double original_context, double beta_fast, double beta_slow,
                          bool whole_pairs = true) noexcept {
        const auto pair_of = [&](double turns) {  // which pair makes so many turns
            return static_cast<double>(dims()) * fixed::log2(original_context / (turns * 2 * std::numbers::pi)) /
                   (2 * fixed::log2(base_));
        };
        const double fast = pair_of(beta_fast), slow = pair_of(beta_slow);
        const double low = std::max(0.0, whole_pairs ? std::floor(fast) : fast);
        const double high = std::min(static_cast<double>(dims()) - 1, whole_pairs ? std::ceil(slow) : slow);
        for (std::size_t i = 0; i < inv_freq_.size(); ++i) {
            const double kept = 1 - std::clamp((static_cast<double>(i) - low) / std::max(0.001, high - low), 0.0, 1.0);
            inv_freq_[i] *= (1 - kept) / factor + kept;
        }
    }

    /// How much cos and sin grow with YaRN: 1 + 0.1 * multiplier * ln(factor). Divided by 10, because a compiler may
    /// fuse a sum with a product, but not with a quotient.
    [[nodiscard]] static double yarn_magnitude(double factor, double multiplier = 1) noexcept {
        return 1 + multiplier * fixed::log2(factor) * std::numbers::ln2 / 10;
    }

    /// What cosines and sines are multiplied with.
    void set_magnitude(double magnitude) noexcept { magnitude_ = magnitude; }

    /// out[2i] and out[2i + 1] = cosine and sine of pair i at `position`, times the magnitude; dims() values.
    void cos_sin(std::size_t position, float* out) const noexcept {
        for (std::size_t i = 0; i < inv_freq_.size(); ++i) {
            const fixed::phase_t step = fixed::phase_of(inv_freq_[i] * (std::numbers::inv_pi / 2));
            const auto [cosine, sine] = fixed::cos_sin(step * position);
            out[2 * i] = static_cast<float>(cosine * magnitude_);
            out[2 * i + 1] = static_cast<float>(sine * magnitude_);
        }
    }

private:
    std::vector<double> inv_freq_;
    double base_ = 0;
    double magnitude_ = 1;
};

NIBBLE_NAMESPACE_END
