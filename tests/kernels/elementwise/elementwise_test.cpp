// The elementwise kernels against plain double arithmetic, and every set against the scalar one.
#include <nibble/kernels/elementwise/elementwise.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "support/kernel_sets.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

const elementwise_kernels& scalar = kernels::elementwise_scalar::table;

std::vector<float> random_row(std::size_t n, unsigned seed, float scale = 1) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(0, scale);
    std::vector<float> row(n);
    for (float& value : row) value = normal(engine);
    return row;
}

/// `run` writes to a row of n values, and not behind it; every set gives the bits of the scalar set.
void check_sets(std::size_t n, const std::function<void(const elementwise_kernels&, float* row)>& run) {
    auto start = random_row(n, 7, 20);
    start.push_back(77);
    auto expected = start;
    run(scalar, expected.data());
    CHECK(expected[n] == 77);
    for (const kernel_set* set : test::runnable_sets()) {
        auto got = start;
        run(set->elementwise, got.data());
        CAPTURE(set->name, n);
        CHECK(got == expected);
    }
}

float gated(activation act, float gate, float up) {
    scalar.gated[static_cast<std::size_t>(act)](&gate, &up, 1);
    return gate;
}

}  // namespace

TEST_CASE("every set computes the same bits at any length") {
    for (const std::size_t n : {1u, 2u, 7u, 8u, 31u, 32u, 33u, 61u, 64u, 100u, 1536u, 2050u}) {
        const auto y = random_row(n, 8, 3);
        check_sets(n, [&](const elementwise_kernels& k, float* x) { k.rms_norm(x, y.data(), 1e-5f, x, n); });
        const auto bias = random_row(n, 10, 3);
        for (const float* b : {bias.data(), static_cast<const float*>(nullptr)})
            check_sets(n, [&](const elementwise_kernels& k, float* x) { k.layer_norm(x, y.data(), b, 1e-5f, x, n); });
        check_sets(n, [&](const elementwise_kernels& k, float* x) { k.add_scaled(x, y.data(), 1.0f, n); });
        check_sets(n, [&](const elementwise_kernels& k, float* x) { k.add_scaled(x, y.data(), 0.22f, n); });
        check_sets(n, [&](const elementwise_kernels& k, float* x) { k.scale(x, 45.25f, n); });
        for (const float cap : {0.001f, 30.0f, 1e6f})
            check_sets(n, [&](const elementwise_kernels& k, float* x) { k.soft_cap(x, cap, n); });
        for (const auto gate : {activation::silu, activation::gelu_tanh, activation::silu_clamped})
            check_sets(n, [&](const elementwise_kernels& k, float* x) {
                k.gated[static_cast<std::size_t>(gate)](x, y.data(), n);
            });
    }
    check_sets(0, [&](const elementwise_kernels& k, float* x) { k.add_scaled(x, x, 1.0f, 0); });
}

TEST_CASE("every set rotates the same bits, whole heads and parts of heads") {
    for (const std::size_t head_dim : {2u, 6u, 16u, 64u, 80u, 128u})
        for (const std::size_t dims : {head_dim, (head_dim / 2 + 1) / 2 * 2})
            for (const auto pairing : {rope_pairing::interleaved, rope_pairing::halves}) {
                const auto cos_sin = random_row(dims, 9);
                check_sets(3 * head_dim, [&](const elementwise_kernels& k, float* x) {
                    k.rope[static_cast<std::size_t>(pairing)](x, 3, head_dim, cos_sin.data(), dims);
                });
            }
}

TEST_CASE("add_scaled with a scale of 1 is a sum") {
    auto x = random_row(70, 1);
    const auto old = x, y = random_row(70, 2);
    scalar.add_scaled(x.data(), y.data(), 1.0f, 70);
    for (std::size_t i = 0; i < 70; ++i) CHECK(x[i] == old[i] + y[i]);
}

TEST_CASE("rms_norm is x / sqrt(mean(x^2) + eps) * w") {
    for (const std::size_t n : {1u, 3u, 16u, 63u, 64u, 100u, 576u, 2048u, 11008u}) {
        const auto x = random_row(n, 3, 0.02f), w = random_row(n, 4);
        std::vector<float> out(n);
        scalar.rms_norm(x.data(), w.data(), 1e-5f, out.data(), n);
        double sum = 0;
        for (const float value : x) sum += static_cast<double>(value) * static_cast<double>(value);
        const double scale = 1 / std::sqrt(sum / static_cast<double>(n) + 1e-5);
        for (std::size_t i = 0; i < n; ++i)
            CHECK(static_cast<double>(out[i]) ==
                  Approx(static_cast<double>(x[i]) * static_cast<double>(w[i]) * scale).epsilon(2e-6));
    }
}

TEST_CASE("layer_norm is (x - mean) / sqrt(mean((x - mean)^2) + eps) * w + b") {
    for (const std::size_t n : {1u, 3u, 16u, 63u, 64u, 100u, 576u, 2048u, 11008u}) {
        auto x = random_row(n, 3, 0.02f);
        for (float& value : x) value += 0.05f;
        const auto w = random_row(n, 4), b = random_row(n, 5);
        std::vector<float> out(n), unbiased(n);
        scalar.layer_norm(x.data(), w.data(), b.data(), 1e-5f, out.data(), n);
        scalar.layer_norm(x.data(), w.data(), nullptr, 1e-5f, unbiased.data(), n);
        double mean = 0, squares = 0;
        for (const float value : x) mean += static_cast<double>(value) / static_cast<double>(n);
        for (const float value : x) squares += std::pow(static_cast<double>(value) - mean, 2);
        const double scale = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-5);
        for (std::size_t i = 0; i < n; ++i) {
            const double expected = (static_cast<double>(x[i]) - mean) * scale * static_cast<double>(w[i]);
            CHECK(static_cast<double>(unbiased[i]) == Approx(expected).epsilon(2e-6).margin(2e-6));
            CHECK(static_cast<double>(out[i]) ==
                  Approx(expected + static_cast<double>(b[i])).epsilon(2e-6).margin(2e-6));
        }
    }
}

TEST_CASE("rope turns the pairs that its pairing says, and only those that rotate") {
    const std::vector<float> cos_sin{0, 1, 1, 0};  // a right angle, nothing
    std::vector<float> x{1, 2, 3, 4, 5, 6};
    scalar.rope[0](x.data(), 1, 6, cos_sin.data(), 4);
    CHECK(x == std::vector<float>{-2, 1, 3, 4, 5, 6});
    x = {1, 2, 3, 4, 5, 6};
    scalar.rope[1](x.data(), 1, 6, cos_sin.data(), 4);
    CHECK(x == std::vector<float>{-3, 2, 1, 4, 5, 6});
}

TEST_CASE("the gates are silu and gelu of the tanh form, times up") {
    const auto gates = random_row(5000, 5, 6), ups = random_row(5000, 6);
    for (std::size_t i = 0; i < gates.size(); ++i) {
        const double g = static_cast<double>(gates[i]), u = static_cast<double>(ups[i]);
        CHECK(static_cast<double>(gated(activation::silu, gates[i], ups[i])) ==
              Approx(g / (1 + std::exp(-g)) * u).epsilon(3e-6).margin(1e-30));
        // 1 + tanh(y) = 2 / (1 + e^-2y), which does not cancel
        const double y = std::sqrt(2 / std::acos(-1.0)) * (g + 0.044715 * g * g * g);
        CHECK(static_cast<double>(gated(activation::gelu_tanh, gates[i], ups[i])) ==
              Approx(g / (1 + std::exp(-2 * y)) * u).epsilon(1e-5).margin(1e-30));
    }
}

TEST_CASE("the clamped gate is silu of 1.702 x / 1.702 times up + 1, both clamped to 7") {
    const auto gates = random_row(5000, 5, 6), ups = random_row(5000, 6, 6);
    for (std::size_t i = 0; i < gates.size(); ++i) {
        const double g = std::min(static_cast<double>(gates[i]), 7.0);
        const double u = std::clamp(static_cast<double>(ups[i]), -7.0, 7.0);
        CHECK(static_cast<double>(gated(activation::silu_clamped, gates[i], ups[i])) ==
              Approx(g / (1 + std::exp(-1.702 * g)) * (u + 1)).epsilon(3e-6).margin(1e-30));
    }
    const float infinity = std::numeric_limits<float>::infinity(), none = std::numeric_limits<float>::quiet_NaN();
    CHECK(gated(activation::silu_clamped, infinity, infinity) == gated(activation::silu_clamped, 7, 7));
    CHECK(gated(activation::silu_clamped, 8, -infinity) == gated(activation::silu_clamped, 7, -7));
    CHECK(gated(activation::silu_clamped, -1000, 1) == 0);
    // some of each in a vector, in every set: NaN stays, whichever sign it has
    const std::vector<float> x{none, -none, 1, 1, infinity, -1000, 7, 7.5f}, y{1, 1, none, -none, -infinity, 8, -7, 7};
    for (const kernel_set* set : test::runnable_sets()) {
        auto got = x;
        set->elementwise.gated[static_cast<std::size_t>(activation::silu_clamped)](got.data(), y.data(), x.size());
        CAPTURE(set->name);
        for (std::size_t i = 0; i < x.size(); ++i) {
            CAPTURE(i);
            const float expected = gated(activation::silu_clamped, x[i], y[i]);
            CHECK(std::isnan(got[i]) == (i < 4));
            if (i >= 4) CHECK(got[i] == expected);
        }
    }
}

TEST_CASE("the gates have no trouble with large values") {
    const float huge = std::numeric_limits<float>::max();
    for (const auto act : {activation::silu, activation::gelu_tanh}) {
        CHECK(gated(act, -1000, 0.5f) == 0);
        CHECK(gated(act, 1000, 0.5f) == 500);
        CHECK(gated(act, -huge, 0.5f) == 0);
        CHECK(gated(act, huge, 0.5f) == huge / 2);
        CHECK(gated(act, 0, 0.5f) == 0);
        CHECK(std::abs(gated(act, -88, 0.5f)) < 1e-30f);
        CHECK(gated(act, 88, 0.5f) == 44);
        CHECK(std::isnan(gated(act, std::numeric_limits<float>::quiet_NaN(), 1)));
    }
}
