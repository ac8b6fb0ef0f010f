// SPDX-License-Identifier: Apache-2.0
// A hash of many results, for tests of what must be the same on every machine.
#pragma once

#include <cstdint>
#include <string_view>

namespace nibble::test {

/// FNV-1a, of numbers by 64 bits at a time, of texts by bytes.
struct fnv {
    std::uint64_t value = 0xcbf29ce484222325;

    void add(std::uint64_t bits) { value = (value ^ bits) * 0x100000001b3; }
    void add(std::string_view text) {
        for (const char byte : text) add(static_cast<std::uint8_t>(byte));
    }
};

}  // namespace nibble::test
