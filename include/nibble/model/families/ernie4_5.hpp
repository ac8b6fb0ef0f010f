// SPDX-License-Identifier: Apache-2.0
// ernie4_5: ERNIE 4.5, dense.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace families {

/// The layers of llama.
inline constexpr model_family ernie4_5{
    .name = "ernie4_5",
    .pairing = rope_pairing::interleaved,
    .required = decoder_tensors | pre_norms,
};

}  // namespace families
NIBBLE_NAMESPACE_END
