// SPDX-License-Identifier: Apache-2.0
// CHECK_THAT(got, same_bits_as(expected, width)): floats equal bit for bit, or the first that is not, by token and row.
#pragma once

#include <bit>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "test.hpp"

namespace nibble::test {

/// Values lie as [token][row], `width` rows a token; without a width the message has the plain index. Unlike ==, it
/// takes a NaN for equal to itself, and 0 and -0 for different.
class same_bits_as : public matcher_base<std::vector<float>> {
public:
    explicit same_bits_as(std::vector<float> expected, std::size_t width = 0)
        : expected_(std::move(expected)), width_(width) {}

    bool match(const std::vector<float>& got) const override {
        problem_.clear();
        if (got.size() != expected_.size()) {
            problem_ = "expected " + std::to_string(expected_.size()) + " values";
            return false;
        }
        std::size_t n_different = 0;
        for (std::size_t i = 0; i < got.size(); ++i)
            if (bits(got[i]) != bits(expected_[i]) && n_different++ == 0)
                problem_ = place(i) + ": " + both(got[i]) + ", expected " + both(expected_[i]);
        if (n_different > 1) problem_ += "; " + std::to_string(n_different) + " values differ";
        return n_different == 0;
    }

    std::string describe() const override { return problem_.empty() ? "has the same bits" : problem_; }

private:
    static std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }

    static std::string both(float value) {
        char text[40];
        std::snprintf(text, sizeof text, "%.9g (0x%08" PRIx32 ")", static_cast<double>(value), bits(value));
        return text;
    }

    [[nodiscard]] std::string place(std::size_t i) const {
        if (width_ == 0) return "at " + std::to_string(i);
        return "token " + std::to_string(i / width_) + ", row " + std::to_string(i % width_);
    }

    std::vector<float> expected_;
    std::size_t width_;
    mutable std::string problem_;
};

}  // namespace nibble::test
