// The scalar kernels against plain double arithmetic on decoded weights and activations.
#include <nibble/quant/scalar.hpp>

#include <cmath>
#include <vector>

#include <nibble/quant/formats.hpp>

#include "support/random_weights.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::quant;

namespace {

template <class F>
void check_dot() {
    constexpr std::size_t depth = 1024, n_blocks = depth / F::block_size;
    const auto weights = test::random_weights(F::type, 1, depth, 11);
    const auto x = test::random_activations(depth, 12);
    std::vector<activation_block<F::block_size>> blocks(n_blocks);
    double expected = 0, magnitude = 0;
    for (std::size_t b = 0; b < n_blocks; ++b) {
        quantize_block<F::block_size>(x.data() + b * F::block_size, blocks[b]);
        std::vector<float> w(F::block_size);
        dequantize_block<F>(blocks_of<F>(weights.data())[b], w.data());
        for (std::size_t e = 0; e < F::block_size; ++e) {
            const double value = static_cast<double>(blocks[b].d) * blocks[b].k[e / 16] * blocks[b].q[e];
            expected += value * static_cast<double>(w[e]);
            magnitude += std::fabs(value * static_cast<double>(w[e]));
        }
    }
    const double got = dot<F>(blocks_of<F>(weights.data()), blocks.data(), n_blocks);
    CHECK(std::fabs(got - expected) <= 1e-6 * magnitude);
}

}  // namespace

TEST_CASE("the dot product of every block format is that of its decoded weights") {
    for_each_format([]<class F>(std::size_t) {
        CAPTURE(name_of(F::type));
        if constexpr (block_format<F>) check_dot<F>();
    });
}

TEST_CASE("float dot products fold 32 partial sums, whatever the depth") {
    for (const std::size_t depth : {1u, 31u, 32u, 33u, 100u, 1024u}) {
        const auto w = test::random_activations(depth, 1), x = test::random_activations(depth, 2);
        double expected = 0, magnitude = 0;
        for (std::size_t i = 0; i < depth; ++i) {
            expected += static_cast<double>(w[i]) * static_cast<double>(x[i]);
            magnitude += std::fabs(static_cast<double>(w[i]) * static_cast<double>(x[i]));
        }
        const float got = dot_float([&](std::size_t i) { return w[i]; }, x.data(), depth);
        CHECK(std::fabs(static_cast<double>(got) - expected) <= 1e-6 * magnitude);
    }
}
