// SPDX-License-Identifier: Apache-2.0
// Starts a program with files as its standard streams and waits for its end.
#pragma once

#if defined(_WIN32)
#include "support/process_windows.hpp"
#else
#include "support/process_posix.hpp"
#endif
