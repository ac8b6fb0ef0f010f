// SPDX-License-Identifier: Apache-2.0
// The headers of POSIX systems, for tests of what only these have; the tests of a layer are one unit, which takes
// includes out of conditions.
#pragma once

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#endif
