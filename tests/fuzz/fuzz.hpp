// SPDX-License-Identifier: Apache-2.0
// What the fuzzers have in common: the bytes of a run as choices, and what counts as a finding.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nibble/core/error.hpp>

namespace nibble::fuzz {

/// The bytes of a run, taken from the front; zeros when they are used up.
class input {
public:
    explicit input(std::string_view bytes) : left_(bytes) {}
    input(const std::uint8_t* data, std::size_t size) : left_(reinterpret_cast<const char*>(data), size) {}

    [[nodiscard]] bool empty() const noexcept { return left_.empty(); }
    std::uint8_t byte() noexcept {
        const std::string_view one = text(1);
        return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one.front());
    }
    /// A number below `n`, which is at most 256.
    std::size_t below(std::size_t n) noexcept { return byte() % n; }
    std::string_view text(std::size_t size) noexcept {
        const std::string_view taken = left_.substr(0, size);
        left_.remove_prefix(taken.size());
        return taken;
    }
    /// Up to the next byte 0, which is dropped; or all that is left.
    std::string_view line() noexcept {
        const std::string_view taken = text(std::min(left_.find('\0'), left_.size()));
        byte();
        return taken;
    }
    std::string_view rest() noexcept { return text(left_.size()); }

private:
    std::string_view left_;
};

/// Runs what may refuse its input: a nibble::error is a good answer, anything else is a finding.
template <class F>
void allowing_errors(F&& f) {
    try {
        f();
    } catch (const error&) {
    }
}

/// Ends the run as a finding where a promise does not hold.
inline void require(bool holds) {
    if (!holds) __builtin_trap();
}

}  // namespace nibble::fuzz
