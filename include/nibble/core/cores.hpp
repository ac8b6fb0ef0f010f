// SPDX-License-Identifier: Apache-2.0
// What Linux says in files of how many processors a process may use: cores and control groups.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Start of a small text file of the system, at most 64 KiB; empty where there is none.
inline std::string read_system_file(const std::string& path) {
    std::string text;
    if (std::FILE* file = std::fopen(path.c_str(), "r")) {
        text.resize(std::size_t{1} << 16);
        text.resize(std::fread(text.data(), 1, text.size(), file));
        std::fclose(file);
    }
    return text;
}

/// Takes the text before the first `separator` off the front of `rest`; all of it where there is none.
constexpr std::string_view take_until(std::string_view& rest, char separator) noexcept {
    const std::string_view head = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(rest.size(), head.size() + 1));
    return head;
}

/// The decimal number at the front of `text`, or nullopt ("max", "-1", empty).
inline std::optional<std::uint64_t> leading_number(std::string_view text) noexcept {
    std::uint64_t number = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    if (result.ec != std::errc{}) return {};
    return number;
}

/// How many of `cpus` (ascending) are on cores of their own. `cpu_dir` is the system's /sys/devices/system/cpu:
/// a CPU counts unless one before it shares its core; where the topology is not told, every CPU counts.
inline unsigned count_cores(array_view<unsigned> cpus, const std::string& cpu_dir) {
    unsigned n_cores = 0;
    for (const unsigned cpu : cpus) {
        const std::string file = cpu_dir + "/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list";
        const std::string siblings = read_system_file(file);
        bool first = true;
        // A list of numbers and ranges: "0,64" or "0-1".
        for (std::string_view rest = siblings; first && !rest.empty();) {
            const std::string_view range = take_until(rest, ',');
            const auto low = leading_number(range);
            if (!low) continue;
            const auto dash = range.find('-');
            const auto high = dash == range.npos ? low : leading_number(range.substr(dash + 1));
            for (const unsigned other : cpus) {
                if (other >= cpu) break;
                first = first && !(other >= *low && other <= high.value_or(*low));
            }
        }
        n_cores += first ? 1u : 0u;
    }
    return n_cores;
}

/// CPUs' worth of time that the control groups of a process allow, rounded up; nullopt where nothing limits it.
/// `groups` is the text of its /proc/self/cgroup, `root` the folder where control groups are mounted. A limit of
/// any group above holds too, and a container may see its own group only as the root, so each ancestor is asked.
inline std::optional<unsigned> cgroup_cpus(std::string_view groups, const std::string& root) {
    std::optional<unsigned> cpus;
    const auto limit = [&cpus](std::optional<std::uint64_t> quota, std::optional<std::uint64_t> period) {
        if (!quota || !period || *quota == 0 || *period == 0) return;
        const std::uint64_t whole = *quota / *period + (*quota % *period != 0 ? 1 : 0);
        cpus = static_cast<unsigned>(std::min<std::uint64_t>(whole, cpus.value_or(1u << 20)));
    };
    // Lines are "hierarchy:controllers:path"; version 2 is hierarchy 0 and names no controllers.
    while (!groups.empty()) {
        std::string_view path = take_until(groups, '\n');
        const bool unified = take_until(path, ':') == "0";
        std::string_view controllers = take_until(path, ':');
        bool counts = unified;
        while (!controllers.empty()) counts |= take_until(controllers, ',') == "cpu";
        if (!counts) continue;
        for (;;) {
            const std::string group = root + (unified ? "" : "/cpu") + std::string{path == "/" ? "" : path};
            if (unified) {
                const std::string text = read_system_file(group + "/cpu.max");  // "QUOTA PERIOD" or "max PERIOD"
                std::string_view period = text;
                const auto quota = leading_number(take_until(period, ' '));
                limit(quota, leading_number(period));
            } else {
                limit(leading_number(read_system_file(group + "/cpu.cfs_quota_us")),
                      leading_number(read_system_file(group + "/cpu.cfs_period_us")));
            }
            if (path.size() <= 1) break;
            path = path.substr(0, path.rfind('/'));
        }
    }
    return cpus;
}

}  // namespace detail
NIBBLE_NAMESPACE_END
