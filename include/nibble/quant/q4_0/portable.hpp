// SPDX-License-Identifier: Apache-2.0
// Q4_0 for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/q4_0/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<q4_0> {
    template <int>
    static code_pair codes(const q4_0::block& block) noexcept {
        return nibble_pair(block.qs);
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
