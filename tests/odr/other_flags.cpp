// SPDX-License-Identifier: Apache-2.0
// Compiled for AVX2: only the address is taken here, so the program runs on any CPU.
#include "unit.hpp"

inline_function seen_with_other_flags() { return &nibble::escaped; }
