// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/cpu.hpp>

#include <thread>

#include "test.hpp"

#if defined(__linux__)
#include <sched.h>
#endif

TEST_CASE("detect_cpu is constant and a feature implies what it builds on") {
    const auto cpu = nibble::detect_cpu();
    CHECK(cpu == nibble::detect_cpu());
    if (cpu.avx512_vnni || cpu.avx512_vbmi) CHECK(cpu.avx512);
    if (cpu.avx512 || cpu.avx_vnni) CHECK(cpu.avx2);
    if (cpu.neon_i8mm) CHECK(cpu.neon_dotprod);
    if (cpu.neon_dotprod) CHECK(cpu.neon);
    CHECK(cpu.neon == NIBBLE_AARCH64);
    CHECK_FALSE((cpu.avx2 && cpu.neon));
}

#if NIBBLE_X86_64
TEST_CASE("detect_cpu agrees with the compiler's own detection") {
    const auto cpu = nibble::detect_cpu();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    CHECK(cpu.avx2 == avx2);  // every CPU with AVX2 and FMA has F16C
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    CHECK(cpu.avx512 == avx512);
    CHECK(cpu.avx512_vnni == (avx512 && __builtin_cpu_supports("avx512vnni")));
    CHECK(cpu.avx512_vbmi == (avx512 && __builtin_cpu_supports("avx512vbmi")));
}
#endif

TEST_CASE("available_threads is at least one and no more than the standard library sees") {
    CHECK(nibble::available_threads() >= 1);
    if (const unsigned all = std::thread::hardware_concurrency()) CHECK(nibble::available_threads() <= all);
}

#if defined(__linux__)
TEST_CASE("available_threads follows the affinity mask of the calling thread") {
    unsigned narrowed = 0;
    std::thread narrow{[&narrowed] {  // a thread of its own: the mask of the test program stays
        cpu_set_t mask;
        if (sched_getaffinity(0, sizeof mask, &mask) != 0) return;
        int first = 0;
        while (!CPU_ISSET(first, &mask)) ++first;
        CPU_ZERO(&mask);
        CPU_SET(first, &mask);
        if (sched_setaffinity(0, sizeof mask, &mask) == 0) narrowed = nibble::available_threads();
    }};
    narrow.join();
    CHECK(narrowed == 1);
}
#endif
