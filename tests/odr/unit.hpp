// SPDX-License-Identifier: Apache-2.0
// The address of one inline function of nibble, as the including unit sees it.
#pragma once

#include <nibble/nibble.hpp>

using inline_function = decltype(&nibble::escaped);

inline_function seen_by_other();
inline_function seen_with_other_flags();
