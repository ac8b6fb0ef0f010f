#include <nibble/quant/activation.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "support/random_weights.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::quant;

namespace {

template <std::size_t N>
void check_contract(const float* x) {
    activation_block<N> block;
    quantize_block<N>(x, block);
    float largest = 0;
    for (std::size_t e = 0; e < N; ++e) largest = std::max(largest, std::fabs(x[e]));
    CHECK(block.d == largest / 1016.0f);
    for (std::size_t i = 0; i < N / 16; ++i) {
        const int k = block.k[i];
        CHECK((k >= 1 && k <= 8));
        int sum = 0;
        float group = 0;
        for (std::size_t e = 16 * i; e < 16 * i + 16; ++e) {
            group = std::max(group, std::fabs(x[e]));
            sum += block.q[e];
            CHECK(std::abs(static_cast<int>(block.q[e])) <= 127);
            const float unit = block.d * static_cast<float>(k);
            CHECK(std::fabs(unit * block.q[e] - x[e]) <= 0.5001f * unit);
        }
        CHECK(block.sum[i] == k * sum);
        if (k > 1) CHECK(group > 127 * block.d * static_cast<float>(k - 1) * 0.99999f);  // no smaller k would do
    }
}

}  // namespace

TEST_CASE("a block's values are within half a unit, with the smallest sub-scale that holds them") {
    const auto x = test::random_activations(4096, 5);
    for (std::size_t i = 0; i < x.size(); i += 256) check_contract<256>(x.data() + i);
    for (std::size_t i = 0; i < x.size(); i += 32) check_contract<32>(x.data() + i);
}

TEST_CASE("zeros, tiny values and values that are not finite") {
    std::vector<float> x(256, 0.0f);
    activation_block<256> block;
    quantize_block<256>(x.data(), block);
    CHECK(block.d == 0.0f);
    CHECK(block.k[3] == 1);

    x[7] = std::numeric_limits<float>::denorm_min();
    quantize_block<256>(x.data(), block);
    CHECK(block.d == 0.0f);

    for (const float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
        x[7] = bad;
        quantize_block<256>(x.data(), block);
        CHECK(std::isnan(block.d));
        CHECK(block.q[7] == 0);
        CHECK(block.sum[0] == 0);
    }
    x[7] = std::numeric_limits<float>::max();
    quantize_block<256>(x.data(), block);
    CHECK(block.q[7] == 127);
    CHECK(std::isfinite(block.d));
}
