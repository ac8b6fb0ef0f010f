// SPDX-License-Identifier: Apache-2.0
// The number of a token in a vocabulary: what text becomes, and what a model reads and writes.
#pragma once

#include <cstdint>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A token id. Valid ids are 0 .. n_vocab - 1.
using token = std::int32_t;

NIBBLE_NAMESPACE_END
