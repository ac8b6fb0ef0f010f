// SPDX-License-Identifier: Apache-2.0
// Where the bits of codes lie in blocks of 256, as data: for kernels that turn bytes before they take them apart.
#pragma once

#include <cstddef>

#include <nibble/quant/formats.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// Value l of sub-block j of 32 has its low bits in byte low(j) + l of the block, from bit low_shift(j) on, and the
/// others, if there are, in byte high(j) + l from bit high_shift(j) on. Four sub-blocks have at most two low(j), those
/// of the first and of the last, and one high(j). Specialised for the formats that are like this.
template <class F>
struct code_bits;

/// Sub-blocks 4 i .. 4 i + 3 have two bits each of the same 32 bytes.
template <class F>
struct two_code_bits {
    static constexpr int low_bits = 2, high_bits = 0;
    static constexpr std::size_t low(std::size_t j) noexcept { return offsetof(typename F::block, qs) + j / 4 * 32; }
    static constexpr int low_shift(std::size_t j) noexcept { return static_cast<int>(j % 4 * 2); }
};

/// Sub-blocks 2 i and 2 i + 1 are the nibbles of the same 32 bytes.
template <class F>
struct four_code_bits {
    static constexpr int low_bits = 4, high_bits = 0;
    static constexpr std::size_t low(std::size_t j) noexcept { return offsetof(typename F::block, qs) + j / 2 * 32; }
    static constexpr int low_shift(std::size_t j) noexcept { return static_cast<int>(j % 2 * 4); }
};

template <>
struct code_bits<q2_k> : two_code_bits<q2_k> {};

template <>
struct code_bits<tq2_0> : two_code_bits<tq2_0> {};

template <>
struct code_bits<q3_k> : two_code_bits<q3_k> {
    static constexpr int high_bits = 1;
    static constexpr std::size_t high(std::size_t) noexcept { return offsetof(q3_k::block, hmask); }
    static constexpr int high_shift(std::size_t j) noexcept { return static_cast<int>(j); }
};

template <>
struct code_bits<q4_k> : four_code_bits<q4_k> {};

template <>
struct code_bits<q5_k> : four_code_bits<q5_k> {
    static constexpr int high_bits = 1;
    static constexpr std::size_t high(std::size_t) noexcept { return offsetof(q5_k::block, qh); }
    static constexpr int high_shift(std::size_t j) noexcept { return static_cast<int>(j); }
};

template <>
struct code_bits<q6_k> {
    static constexpr int low_bits = 4, high_bits = 2;
    static constexpr std::size_t low(std::size_t j) noexcept {
        return offsetof(q6_k::block, ql) + j / 4 * 64 + j % 2 * 32;
    }
    static constexpr int low_shift(std::size_t j) noexcept { return static_cast<int>(j % 4 / 2 * 4); }
    static constexpr std::size_t high(std::size_t j) noexcept { return offsetof(q6_k::block, qh) + j / 4 * 32; }
    static constexpr int high_shift(std::size_t j) noexcept { return static_cast<int>(j % 4 * 2); }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
