// Exact products and fused multiply-adds against the processor's own instruction and against cases worked out by hand.
#include <nibble/core/float_math.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <random>

#include <nibble/core/cpu.hpp>
#include <nibble/simd/region.hpp>

#include "test.hpp"

using namespace nibble;

#if NIBBLE_X86_64
NIBBLE_REGION_BEGIN_AVX2
namespace {
float fma_of_the_processor(float a, float b, float c) {
    return _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c)));
}
}  // namespace
NIBBLE_REGION_END
#elif defined(__aarch64__)
namespace {
float fma_of_the_processor(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
}  // namespace
#endif

namespace {

bool same(float a, float b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (a != a && b != b);
}

}  // namespace

TEST_CASE("a fused multiply-add is rounded once") {
    const float ulp = 0x1p-23f;
    for (const auto fma : {&detail::emulated_fma, &exact_fma}) {
        CHECK(fma(1 + ulp, 1 - ulp, -1.0f) == -ulp * ulp);  // what a product of floats loses
        // just above a tie: rounding the double sum to float would see the tie and go to even
        CHECK(fma(1 + ulp, 0x1p-24f, 1.0f) == 1 + ulp);
        CHECK(fma(0x1p-60f, 1.0f, 1 + ulp) == 1 + ulp);
        CHECK(fma(ulp / 2, 1.0f - 0x1p-24f, 1.0f) == 1.0f);
        CHECK(fma(ulp / 2, 1.0f + ulp, 1.0f) == 1.0f + ulp);
        CHECK(fma(-0x1p-149f, 0x1p-149f, 1.0f) == 1.0f);
        CHECK(fma(0x1p-75f, 0x1p-75f, 0x1p-149f) == 0x1p-148f);  // a tie of subnormals, to even
    }
}

#if NIBBLE_X86_64 || defined(__aarch64__)
TEST_CASE("the emulated multiply-add is that of the processor, for random triples and near ties") {
#if NIBBLE_X86_64
    if (!detect_cpu().avx2) return;
#endif
    std::mt19937_64 random{1};
    const auto any = [&] { return std::bit_cast<float>(static_cast<std::uint32_t>(random())); };
    const auto about = [&](float value) {  // a float whose exponent is within 30 of that of `value`
        const auto bits = std::bit_cast<std::uint32_t>(value);
        const int exponent = static_cast<int>(bits >> 23 & 255u) + static_cast<int>(random() % 61) - 30;
        return std::bit_cast<float>(
            (bits & 0x80000000u) | static_cast<std::uint32_t>(std::clamp(exponent, 0, 254)) << 23 |
            static_cast<std::uint32_t>(random() % 8 == 0 ? random() % 4 : random() & 0x7fffffu));
    };
    std::size_t n_wrong = 0;
    for (int i = 0; i < 3'000'000; ++i) {
        const float a = any(), b = i % 2 ? any() : about(1.0f), c = i % 3 == 0 ? any() : about(a * b);
        n_wrong += !same(detail::emulated_fma(a, b, c), fma_of_the_processor(a, b, c));
        n_wrong += !same(detail::emulated_fma(a, b, -c), fma_of_the_processor(a, b, -c));
    }
    CHECK(n_wrong == 0);
}
#endif

TEST_CASE("an exact product is the float product") {
    std::mt19937 random{2};
    std::size_t n_wrong = 0;
    for (int i = 0; i < 1'000'000; ++i) {
        const float a = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        const float b = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        volatile float product = a * b;
        n_wrong += !same(exact_product(a, b), product);
    }
    CHECK(n_wrong == 0);
}
