// SPDX-License-Identifier: Apache-2.0
// The types of values in a cache of keys and values.
#pragma once

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What one cached value is stored as. Integers come with one float scale for each position, head, and side (key or
/// value). Next to f16, q16 costs 1.6 % more memory for heads of 128 and no time, and rounds ten times finer, because
/// the values of a head need few of the exponents that a half has room for: error of the logits on the golden model
/// smollm3-f16, where nothing else is rounded, 0.00060 with f16, 0.00005 with q16, 0.013 with q8.
enum class cache_type {
    q16,  ///< int16
    f16,  ///< IEEE half
    q8,   ///< int8: half the memory
};

NIBBLE_NAMESPACE_END
