// The NEON quantiser against the specification, number by number.
#include <nibble/kernels/activations/neon.hpp>

#include <cstring>
#include <limits>
#include <vector>

#include "support/random_weights.hpp"
#include "test.hpp"

#if NIBBLE_AARCH64
using namespace nibble;

namespace {

template <std::size_t N>
void check_row(const std::vector<float>& x) {
    using block = kernels::activations_neon::token_block<N>;
    std::vector<block> got(x.size() / N);
    kernels::activations_neon::quantize_row<N>(x.data(), x.size(), got.data());
    for (std::size_t b = 0; b < got.size(); ++b) {
        quant::activation_block<N> expected;
        quant::quantize_block<N>(x.data() + b * N, expected);
        CAPTURE(N, b);
        CHECK(std::memcmp(got[b].q, expected.q, sizeof expected.q) == 0);
        CHECK(std::memcmp(&got[b].d, &expected.d, sizeof expected.d) == 0);
        for (std::size_t i = 0; i < N / 16; ++i) {
            CHECK(got[b].k[i] * got[b].d == expected.k[i] * expected.d);  // 0 times any k, where all is zero
            CHECK(got[b].sum[i] == expected.sum[i]);
        }
        for (std::size_t j = 0; j < N / 32; ++j)
            CHECK(got[b].sum32[j] == expected.sum[2 * j] + expected.sum[2 * j + 1]);
    }
}

}  // namespace

TEST_CASE("blocks of every kind are quantised as the specification says") {
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        auto x = test::random_activations(2048, seed);
        for (std::size_t i = 512; i < 768; ++i) x[i] = 0;
        for (std::size_t i = 768; i < 1024; ++i) x[i] *= 1e-32f;  // a zero block, by zero_block
        x[1600] = std::numeric_limits<float>::max();
        check_row<256>(x);
        check_row<32>(x);
    }
}

TEST_CASE("a block with a value that is not finite has a scale that is NaN, and zeros") {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
        auto x = test::random_activations(256, 1);
        x[200] = bad;
        kernels::activations_neon::token_block<256> block;
        kernels::activations_neon::quantize_block<256>(x.data(), block);
        CHECK(block.d != block.d);
        for (const std::int8_t q : block.q) CHECK(q == 0);
    }
}
#endif
