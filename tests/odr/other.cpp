// SPDX-License-Identifier: Apache-2.0
#include "unit.hpp"

inline_function seen_by_other() { return &nibble::escaped; }
