// SPDX-License-Identifier: Apache-2.0
// What this processor and operating system can run: instruction sets, and how many threads are worth starting.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/instructions.hpp>
#include <nibble/core/windows.hpp>

#if defined(__linux__)
#include <sched.h>
#endif
#if NIBBLE_AARCH64 && defined(__linux__)
#include <sys/auxv.h>
#elif NIBBLE_AARCH64 && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

NIBBLE_NAMESPACE_BEGIN

/// Instruction sets that may be executed: the processor has them and the operating system saves their registers.
struct cpu_features {
    bool portable = false;      ///< the vectors that every processor has for which this program is compiled
    bool avx2 = false;          ///< AVX2 with FMA and F16C
    bool avx_vnni = false;      ///< the VEX form of VNNI, beside avx2
    bool avx512 = false;        ///< AVX-512 F, BW, VL and DQ, beside avx2
    bool avx512_vnni = false;   ///< beside avx512
    bool avx512_vbmi = false;   ///< beside avx512
    bool amx_int8 = false;      ///< AMX tiles of int8. Linux lets a process use them only after it has asked
    bool neon = false;          ///< the vectors of every 64-bit Arm
    bool neon_dotprod = false;  ///< sdot, beside neon
    bool neon_i8mm = false;     ///< smmla, beside neon_dotprod

    friend bool operator==(const cpu_features&, const cpu_features&) = default;
};

#if NIBBLE_AARCH64
namespace detail {

/// Extensions that a program at its own level of privilege cannot ask the processor about.
enum class arm_extension { dotprod, i8mm };

/// Whether the system says that its processors have `extension`; where it says nothing, whether the compiler was told.
[[nodiscard]] inline bool arm_system_says(arm_extension extension) noexcept {
    const bool dotprod = extension == arm_extension::dotprod;
#if defined(__linux__)  // bits that headers of older systems do not name: HWCAP_ASIMDDP, HWCAP2_I8MM
    return ((dotprod ? ::getauxval(AT_HWCAP) >> 20 : ::getauxval(AT_HWCAP2) >> 13) & 1) != 0;
#elif defined(__APPLE__)
    int has = 0;
    std::size_t size = sizeof has;
    const char* name = dotprod ? "hw.optional.arm.FEAT_DotProd" : "hw.optional.arm.FEAT_I8MM";
    return ::sysctlbyname(name, &has, &size, nullptr, 0) == 0 && has != 0;
#elif defined(_WIN32)  // PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE, PF_ARM_V82_I8MM_INSTRUCTIONS_AVAILABLE
    return ::IsProcessorFeaturePresent(dotprod ? 43 : 66) != 0;
#elif defined(__ARM_FEATURE_MATMUL_INT8)
    return true;
#elif defined(__ARM_FEATURE_DOTPROD)
    return dotprod;
#else
    return false;
#endif
}

}  // namespace detail
#endif

/// Asks the processor; some hundred nanoseconds, more in a virtual machine, so ask once.
[[nodiscard]] inline cpu_features detect_cpu() noexcept {
    cpu_features cpu{.portable = true};
#if NIBBLE_X86_64
    const auto bit = [](unsigned word, unsigned n) { return ((word >> n) & 1u) != 0; };
    // Leaf 1, ecx: FMA 12, OSXSAVE 27 (xgetbv may be executed), F16C 29. AVX itself is in XCR0.
    const unsigned first = detail::cpuid(1).c;
    if (!bit(first, 27)) return cpu;
    // XCR0, registers that the system saves: xmm 1, ymm 2, opmask 5, zmm 6 and 7, tile configuration 17, tiles 18.
    const auto saved = [registers = detail::saved_registers()](unsigned mask) { return (registers & mask) == mask; };
    const auto [a, b, c, d] = detail::cpuid(7);
    cpu.avx2 = saved(0x6u) && bit(b, 5) && bit(first, 12) && bit(first, 29);
    cpu.avx512 = cpu.avx2 && saved(0xe6u) && bit(b, 16) && bit(b, 17) && bit(b, 30) && bit(b, 31);
    cpu.avx512_vbmi = cpu.avx512 && bit(c, 1);
    cpu.avx512_vnni = cpu.avx512 && bit(c, 11);
    cpu.amx_int8 = saved(0x60000u) && bit(d, 24) && bit(d, 25);
    if (a >= 1) cpu.avx_vnni = cpu.avx2 && bit(detail::cpuid(7, 1).a, 4);
#elif NIBBLE_AARCH64
    cpu.neon = true;
    cpu.neon_dotprod = detail::arm_system_says(detail::arm_extension::dotprod);
    cpu.neon_i8mm = cpu.neon_dotprod && detail::arm_system_says(detail::arm_extension::i8mm);
#endif
    return cpu;
}

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
inline unsigned count_cores(std::span<const unsigned> cpus, const std::string& cpu_dir) {
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

/// How many threads can compute at once: one for each physical core on which the calling thread may run, and no
/// more than its control group's quota; at least 1. Two threads of one core share its multipliers and caches, so a
/// second one gains nothing here. Reads /proc and /sys on Linux, elsewhere asks Windows or the standard library.
[[nodiscard]] inline unsigned available_threads() {
#if defined(__linux__)
    // Room for 8192 CPUs: the system call refuses a mask smaller than the kernel's own.
    std::array<cpu_set_t, 8> mask{};
    if (::sched_getaffinity(0, sizeof mask, mask.data()) == 0) {
        std::vector<unsigned> cpus;
        for (unsigned cpu = 0; cpu < 8 * CPU_SETSIZE; ++cpu)
            if (CPU_ISSET_S(cpu, sizeof mask, mask.data())) cpus.push_back(cpu);
        const unsigned cores = detail::count_cores(cpus, "/sys/devices/system/cpu");
        const auto quota = detail::cgroup_cpus(detail::read_system_file("/proc/self/cgroup"), "/sys/fs/cgroup");
        return std::max(1u, std::min(cores, quota.value_or(cores)));
    }
#endif
#if defined(_WIN32)
    if (const unsigned cores = detail::windows_cores(); cores != 0) return cores;
#endif
#if NIBBLE_HAS_THREADS
    return std::max(1u, std::thread::hardware_concurrency());
#else
    return 1;
#endif
}

NIBBLE_NAMESPACE_END
