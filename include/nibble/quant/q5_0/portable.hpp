// SPDX-License-Identifier: Apache-2.0
// Q5_0 for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/q5_0/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<q5_0> {
    template <int>
    static code_pair codes(const q5_0::block& block) noexcept {
        const code_pair low = nibble_pair(block.qs), high = fifth_bit_pair(block.qh);
        return {low.first | high.first, low.second | high.second};
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
