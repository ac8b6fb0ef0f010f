// SPDX-License-Identifier: Apache-2.0
// Q8_0 for the portable kernels.
#pragma once

#include <nibble/quant/format_portable.hpp>
#include <nibble/quant/q8_0/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

template <>
struct portable_format<q8_0> {
    template <int>
    static code_pair codes(const q8_0::block& block) noexcept {
        const portable::u8x16 signs = portable::splat<std::uint8_t>(0x80);
        const auto* qs = reinterpret_cast<const std::uint8_t*>(block.qs);
        return {portable::load(qs) ^ signs, portable::load(qs + 16) ^ signs};
    }
};

}  // namespace quant
NIBBLE_NAMESPACE_END
