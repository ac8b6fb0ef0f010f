// SPDX-License-Identifier: Apache-2.0
// How much memory this process takes.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace nibble::test {

/// What the system says about this process, in bytes: "VmRSS:" is all memory that is resident, "RssAnon:" that of no
/// file. 0 where the system does not tell.
inline std::size_t process_bytes(std::string_view field) {
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(field)) return std::stoul(line.substr(field.size())) * 1024;
    return 0;
}

/// Bytes that are allocated: unlike resident memory, freed memory cannot make room for new unseen. 0 where the system
/// does not tell.
inline std::size_t allocated_bytes() {
#if defined(__GLIBC__)  // 2.33 and newer
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

}  // namespace nibble::test
