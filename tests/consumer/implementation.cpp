// SPDX-License-Identifier: Apache-2.0
// The one unit of a program that has the definitions.
#define NIBBLE_IMPLEMENTATION_UNIT
#include <nibble/nibble.hpp>
