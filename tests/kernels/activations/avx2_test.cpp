// The AVX2 quantiser against the specification, number by number.
#include <nibble/kernels/activations/avx2.hpp>

#include <cstring>
#include <limits>
#include <vector>

#include <nibble/core/cpu.hpp>

#include "support/random_weights.hpp"
#include "test.hpp"

#if NIBBLE_X86_64
using namespace nibble;

namespace {

template <std::size_t N>
void check_row(const std::vector<float>& x) {
    using block = kernels::activations_avx2::token_block<N>;
    std::vector<block> got(x.size() / N);
    kernels::activations_avx2::quantize_row<N>(x.data(), x.size(), got.data());
    for (std::size_t b = 0; b < got.size(); ++b) {
        block expected;
        kernels::activations_avx2::quantize_plainly<N>(x.data() + b * N, expected);
        CAPTURE(N, b);
        CHECK(std::memcmp(got[b].q, expected.q, sizeof expected.q) == 0);
        CHECK(std::memcmp(got[b].k, expected.k, sizeof expected.k) == 0);
        CHECK(std::memcmp(got[b].sum, expected.sum, sizeof expected.sum) == 0);
        CHECK(std::memcmp(got[b].sum32, expected.sum32, sizeof expected.sum32) == 0);
        CHECK(std::memcmp(&got[b].d, &expected.d, sizeof expected.d) == 0);
    }
}

}  // namespace

TEST_CASE("blocks of every kind are quantised as the specification says") {
    if (!detect_cpu().avx2) return;
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        auto x = test::random_activations(2048, seed);
        for (std::size_t i = 512; i < 768; ++i) x[i] = 0;
        for (std::size_t i = 768; i < 1024; ++i) x[i] *= 1e-32f;  // a zero block, by zero_block
        x[1100] = std::numeric_limits<float>::infinity();
        x[1300] = std::numeric_limits<float>::quiet_NaN();
        x[1600] = std::numeric_limits<float>::max();
        check_row<256>(x);
        check_row<32>(x);
    }
}

TEST_CASE("groups lie evens first, so that both halves of 32 values meet in one lane") {
    using block = kernels::activations_avx2::token_block<256>;
    CHECK(block::slot(0) == 0);
    CHECK(block::slot(2) == 1);
    CHECK(block::slot(1) == 8);
    CHECK(block::slot(15) == 15);
}
#endif
