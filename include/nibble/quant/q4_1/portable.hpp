// SPDX-License-Identifier: Apache-2.0
// Q4_1 for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/q4_1/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<q4_1> {
    template <int>
    static code_pair codes(const q4_1::block& block) noexcept {
        return nibble_pair(block.qs);
    }
    static float load_min(const q4_1::block& block) noexcept { return load_half(block.m); }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
