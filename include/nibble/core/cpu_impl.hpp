// SPDX-License-Identifier: Apache-2.0
// Definitions of core/cpu.hpp: what processor and system say.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <thread>
#include <vector>

#include <nibble/core/cores.hpp>
#include <nibble/core/cpu.hpp>
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

NIBBLE_FUNCTION cpu_features detect_cpu() noexcept {
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

NIBBLE_FUNCTION unsigned available_threads() {
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
