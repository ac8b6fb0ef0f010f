// SPDX-License-Identifier: Apache-2.0
// The random numbers of the sampler: defined by their bits, so that a seed means the same text on every machine.
#pragma once

#include <cstdint>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014): a counter and a mixing
/// function. Any seed is good, period 2^64. The distributions of <random> are not used: their results are not
/// specified and differ between standard libraries.
class random_generator {
public:
    explicit constexpr random_generator(std::uint64_t seed = 0) noexcept : counter_(seed) {}

    constexpr std::uint64_t next() noexcept {
        counter_ += 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio, odd: every counter value occurs once
        std::uint64_t mixed = counter_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
        return mixed ^ (mixed >> 31);
    }

    /// Uniform in [0, 1): a multiple of 2^-53.
    constexpr double next_double() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

    /// Where it is: random_generator{counter()} gives the same numbers from here on.
    [[nodiscard]] constexpr std::uint64_t counter() const noexcept { return counter_; }

private:
    std::uint64_t counter_;
};

NIBBLE_NAMESPACE_END
