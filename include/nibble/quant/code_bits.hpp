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

/// The low bits are all of qs: 8 / Bits sub-blocks after one another share 32 bytes, the first one its lowest bits.
template <class F, int Bits>
struct low_code_bits {
    static constexpr int low_bits = Bits, high_bits = 0;
    static constexpr std::size_t sharing = 8 / Bits;
    static constexpr std::size_t low(std::size_t j) noexcept {
        return offsetof(typename F::block, qs) + j / sharing * 32;
    }
    static constexpr int low_shift(std::size_t j) noexcept { return static_cast<int>(j % sharing) * Bits; }
};

template <>
struct code_bits<q2_k> : low_code_bits<q2_k, 2> {};

template <>
struct code_bits<tq2_0> : low_code_bits<tq2_0, 2> {};

template <>
struct code_bits<q3_k> : low_code_bits<q3_k, 2> {
    static constexpr int high_bits = 1;
    static constexpr std::size_t high(std::size_t) noexcept { return offsetof(q3_k::block, hmask); }
    static constexpr int high_shift(std::size_t j) noexcept { return static_cast<int>(j); }
};

template <>
struct code_bits<q4_k> : low_code_bits<q4_k, 4> {};

template <>
struct code_bits<q5_k> : low_code_bits<q5_k, 4> {
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
