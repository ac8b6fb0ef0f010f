// SPDX-License-Identifier: Apache-2.0
// Units that include nibble link into one program: with equal flags they share its functions, with other
// instruction sets each has its own, so that code for AVX2 never stands in for the baseline's.
#include <cstdio>

#include "holder.hpp"
#include "unit.hpp"

int main() {
    if (!holder{}.is_empty()) {
        std::puts("a program that was compiled with fwd.hpp alone is another one");
        return 1;
    }
    if (seen_by_other() != &nibble::escaped) {
        std::puts("two units with equal flags see two functions");
        return 1;
    }
#ifdef NIBBLE_TEST_OTHER_FLAGS
    if (seen_with_other_flags() == &nibble::escaped) {
        std::puts("units with different instruction sets share one function");
        return 1;
    }
#endif
    return 0;
}
