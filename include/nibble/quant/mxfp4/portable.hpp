// SPDX-License-Identifier: Apache-2.0
// MXFP4 for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/mxfp4/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<mxfp4> {
    template <int>
    NIBBLE_INLINE static code_pair codes(const mxfp4::block& block) noexcept {
        return look_up_pair<mxfp4::codes>(block.qs);
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
