// SPDX-License-Identifier: Apache-2.0
// How much memory this process takes.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>

namespace nibble::test {

/// What the system says about this process, in bytes: "VmRSS:" is all memory that is resident, "RssAnon:" that of no
/// file. 0 where the system does not tell.
inline std::size_t process_bytes(std::string_view field) {
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(field)) return std::stoul(line.substr(field.size())) * 1024;
    return 0;
}

}  // namespace nibble::test
