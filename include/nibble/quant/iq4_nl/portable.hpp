// SPDX-License-Identifier: Apache-2.0
// IQ4_NL for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/iq4_nl/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<iq4_nl> {
    template <int>
    NIBBLE_INLINE static code_pair codes(const iq4_nl::block& block) noexcept {
        return look_up_pair<iq4_nl::codes>(block.qs);
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
