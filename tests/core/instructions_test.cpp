// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/instructions.hpp>

#include "test.hpp"

using namespace nibble::detail;

#if NIBBLE_X86_64
TEST_CASE("cpuid answers a leaf that there is, and nothing for one that there is not") {
    CHECK((cpuid(1).d >> 26 & 1u) == 1u);  // SSE2, which x86-64 has
    const cpuid_words none = cpuid(0x4fffffff);
    CHECK((none.a | none.b | none.c | none.d) == 0u);
    if ((cpuid(1).c >> 27 & 1u) == 1u) CHECK((saved_registers() & 3u) == 3u);  // x87 and SSE, always
}
#endif
