// SPDX-License-Identifier: Apache-2.0
// TQ2_0 for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/tq2_0/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<tq2_0> {
    template <int J>
    static code_pair codes(const tq2_0::block& block) noexcept {
        return two_bit_pair<J>(block.qs);
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
