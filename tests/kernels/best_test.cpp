// The choice of a set.
#include <nibble/kernels/best.hpp>

#include "test.hpp"

using namespace nibble;

TEST_CASE("the best set that a CPU can run is found") {
    CHECK(best_kernels(cpu_features{}).name == "scalar");
    CHECK(best_kernels(cpu_features{.portable = true}).name == "portable");
#if NIBBLE_X86_64
    CHECK(best_kernels(cpu_features{.portable = true, .avx2 = true}).name == "avx2");
    CHECK(best_kernels(cpu_features{.portable = true, .avx2 = true, .avx512 = true, .avx512_vnni = true}).name ==
          "avx512-vnni");
#elif NIBBLE_AARCH64
    CHECK(best_kernels(cpu_features{.portable = true, .neon = true}).name == "neon");
    CHECK(best_kernels(cpu_features{.portable = true, .neon = true, .neon_dotprod = true}).name == "neon-dotprod");
    CHECK(best_kernels(cpu_features{.portable = true, .neon = true, .neon_dotprod = true, .neon_i8mm = true}).name ==
          "neon-i8mm");
#endif
    CHECK(best_kernels(detect_cpu()).runs_on(detect_cpu()));
}

TEST_CASE("the last set runs everywhere, and no two have one name") {
    CHECK(kernel_sets().back()->runs_on(cpu_features{}));
    for (const kernel_set* a : kernel_sets())
        for (const kernel_set* b : kernel_sets()) CHECK((a == b) == (a->name == b->name));
}
