// SPDX-License-Identifier: Apache-2.0
// The list of weight formats. A new format is a folder beside this file and a line in it.
#pragma once

#include <cstddef>

#include <nibble/quant/bf16/block.hpp>
#include <nibble/quant/f16/block.hpp>
#include <nibble/quant/f32/block.hpp>
#include <nibble/quant/q4_0/avx2.hpp>
#include <nibble/quant/q4_0/block.hpp>
#include <nibble/quant/q4_1/avx2.hpp>
#include <nibble/quant/q4_1/block.hpp>
#include <nibble/quant/q4_k/avx2.hpp>
#include <nibble/quant/q4_k/block.hpp>
#include <nibble/quant/q5_0/avx2.hpp>
#include <nibble/quant/q5_0/block.hpp>
#include <nibble/quant/q5_1/avx2.hpp>
#include <nibble/quant/q5_1/block.hpp>
#include <nibble/quant/q5_k/avx2.hpp>
#include <nibble/quant/q5_k/block.hpp>
#include <nibble/quant/q6_k/avx2.hpp>
#include <nibble/quant/q6_k/block.hpp>
#include <nibble/quant/q8_0/avx2.hpp>
#include <nibble/quant/q8_0/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// A list of format types.
template <class... F>
struct format_list {
    static constexpr std::size_t size = sizeof...(F);
};

/// Every format that nibble computes with.
using formats = format_list<q4_k, q5_k, q6_k, q8_0, q4_0, q4_1, q5_0, q5_1, f16, bf16, f32>;

inline constexpr std::size_t n_formats = formats::size;

}  // namespace quant
NIBBLE_NAMESPACE_END
