// SPDX-License-Identifier: Apache-2.0
// A hint to the memory system, for code outside any region.
#pragma once

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Asks for the cache line at `p`, which may lie anywhere, to be brought into the second cache level.
inline void prefetch_l2(const void* p) noexcept {
#if NIBBLE_CLANG || defined(__GNUC__)
    __builtin_prefetch(p, 0, 2);
#else
    static_cast<void>(p);
#endif
}

NIBBLE_NAMESPACE_END
