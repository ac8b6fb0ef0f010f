// SPDX-License-Identifier: Apache-2.0
// What the programs ask of the system and the standard library does not know: terminals, standard input, processes.
#pragma once

#if defined(_WIN32)
#include "system/windows.hpp"
#else
#include "system/posix.hpp"
#endif
