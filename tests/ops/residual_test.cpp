// SPDX-License-Identifier: Apache-2.0
// The residual stream: what is added and normed in which order, and that every row is computed alone.
#include <nibble/ops/residual.hpp>

#include <nibble/core/thread_pool.hpp>
#include <nibble/ops/executor.hpp>

#include <random>
#include <vector>

#include "support/kernel_sets.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

constexpr std::size_t n = 100, n_tokens = 37;
constexpr norm_rules rms{norm_kind::rms, 1e-5f}, layer{norm_kind::layer, 1e-5f};

std::vector<float> random(std::size_t size, unsigned seed) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal;
    std::vector<float> out(size);
    for (float& value : out) value = normal(engine);
    return out;
}

struct rows {
    std::vector<float> x = random(n * n_tokens, 1), update = random(n * n_tokens, 2), normed = update;
};

/// Row by row and step by step.
rows expected(const residual_norms& norms, float scale) {
    const elementwise_kernels& kernels = scalar_set().elementwise;
    const auto norm = [&](const norm_weights& by, const float* from, float* to) {
        if (norms.rules.kind == norm_kind::rms)
            kernels.rms_norm(from, by.weight.data(), norms.rules.eps, to, n);
        else
            kernels.layer_norm(from, by.weight.data(), by.bias.empty() ? nullptr : by.bias.data(), norms.rules.eps, to,
                               n);
    };
    rows r;
    for (std::size_t t = 0; t < n_tokens; ++t) {
        float *x = r.x.data() + t * n, *update = r.update.data() + t * n, *normed = r.normed.data() + t * n;
        if (!norms.post.empty()) norm(norms.post, update, update);
        kernels.add_scaled(x, update, scale, n);
        std::copy(x, x + n, normed);
        if (!norms.next.empty()) norm(norms.next, x, normed);
    }
    return r;
}

}  // namespace

TEST_CASE("x += scale * post(update), then the norm of x, each norm only where there is one") {
    const auto post = random(n, 3), next = random(n, 4), bias = random(n, 5);
    for (const auto& norms : {residual_norms{{}, {next}, rms}, residual_norms{{post}, {}, rms},
                              residual_norms{{post}, {next}, rms}, residual_norms{{}, {}, rms},
                              residual_norms{{}, {next}, layer}, residual_norms{{post, bias}, {next, bias}, layer}})
        for (const float scale : {1.0f, 0.25f}) {
            const auto wanted = expected(norms, scale);
            for (const auto* set : test::runnable_sets())
                for (const unsigned n_threads : {1u, 2u, 3u}) {
                    CAPTURE(norms.post.empty(), norms.next.empty(), scale, set->name, n_threads);
                    thread_pool pool{n_threads};
                    executor threads{pool};
                    rows got;
                    residual(threads, set->elementwise, got.x.data(), got.update.data(), scale, norms, n_tokens, n,
                             got.normed.data());
                    CHECK(got.x == wanted.x);
                    CHECK(got.normed == wanted.normed);
                }
        }
}

TEST_CASE("a sum that no block begins with is not normed") {
    thread_pool pool{2};
    executor threads{pool};
    const auto next = random(n, 4);
    rows got;
    residual(threads, scalar_set().elementwise, got.x.data(), got.update.data(), 1, {{}, {next}, rms}, n_tokens, n,
             nullptr);
    CHECK(got.x == expected({{}, {next}, rms}, 1).x);
    CHECK(got.normed == rows{}.normed);
}

TEST_CASE("a block that no norm precedes begins with the row itself") {
    const auto x = random(n, 1), weight = random(n, 2);
    std::vector<float> out(n), normed(n);
    norm_row(scalar_set().elementwise, x.data(), {}, rms, out.data(), n);
    CHECK(out == x);
    norm_row(scalar_set().elementwise, x.data(), {weight}, rms, out.data(), n);
    scalar_set().elementwise.rms_norm(x.data(), weight.data(), rms.eps, normed.data(), n);
    CHECK(out == normed);
}
