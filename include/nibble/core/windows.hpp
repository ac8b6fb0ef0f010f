// SPDX-License-Identifier: Apache-2.0
// The one place that includes <windows.h>, and how many cores Windows lets a process use.
#pragma once

#if defined(_WIN32)

// Who includes <windows.h> before nibble defines NOMINMAX first.
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

#include <vector>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Physical cores on which this process may run; 0 where the system does not tell. Of more than 64 processors only
/// those of the process's own group count: its threads start in no other.
inline unsigned windows_cores() {
    DWORD_PTR allowed = 0, all = 0;
    DWORD bytes = 0;
    ::GetLogicalProcessorInformation(nullptr, &bytes);
    std::vector<SYSTEM_LOGICAL_PROCESSOR_INFORMATION> rows(bytes / sizeof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION));
    if (!::GetProcessAffinityMask(::GetCurrentProcess(), &allowed, &all) || rows.empty() ||
        !::GetLogicalProcessorInformation(rows.data(), &bytes))
        return 0;
    unsigned n_cores = 0;
    for (const auto& row : rows)
        n_cores += row.Relationship == RelationProcessorCore && (row.ProcessorMask & allowed) != 0 ? 1u : 0u;
    return n_cores;
}

}  // namespace detail
NIBBLE_NAMESPACE_END

#endif  // _WIN32
