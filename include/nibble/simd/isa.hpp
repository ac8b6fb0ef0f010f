// SPDX-License-Identifier: Apache-2.0
// Instruction-set tags. Each names its fallback, so an empty cell of the (format x ISA) grid is inheritance.
#pragma once

#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace isa {

/// Portable C++: the specification that every other cell equals bit for bit.
struct scalar {
    static constexpr std::string_view name = "scalar";
};

/// AVX2 with FMA and F16C.
struct avx2 : scalar {
    static constexpr std::string_view name = "avx2";
};

/// AVX-512 F, BW, VL, DQ and VNNI.
struct avx512_vnni : avx2 {
    static constexpr std::string_view name = "avx512-vnni";
};

}  // namespace isa
NIBBLE_NAMESPACE_END
