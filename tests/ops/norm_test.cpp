// SPDX-License-Identifier: Apache-2.0
// Row operations: every row is computed alone, so neither the batch nor the number of threads shows.
#include <nibble/ops/norm.hpp>

#include <random>
#include <vector>

#include "support/same_bits.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

std::vector<float> random(std::size_t n, unsigned seed) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal;
    std::vector<float> out(n);
    for (float& value : out) value = normal(engine);
    return out;
}

}  // namespace

TEST_CASE("row operations give the same bits for any number of threads and rows") {
    constexpr std::size_t n = 100, n_tokens = 37;
    const auto x = random(n * n_tokens, 1), y = random(n * n_tokens, 2), w = random(n, 3);

    std::vector<float> normed(n * n_tokens), summed = x, summed_normed(n * n_tokens);
    for (std::size_t t = 0; t < n_tokens; ++t) {
        const std::size_t at = t * n;
        kernels::rms_norm_row(x.data() + at, w.data(), 1e-5f, normed.data() + at, n);
        kernels::add_row(summed.data() + at, y.data() + at, n);
        kernels::rms_norm_row(summed.data() + at, w.data(), 1e-5f, summed_normed.data() + at, n);
    }

    for (const unsigned n_threads : {1u, 2u, 3u}) {
        CAPTURE(n_threads);
        thread_pool pool{n_threads};
        executor threads{pool};
        std::vector<float> out(n * n_tokens);
        rms_norm(threads, x.data(), w, 1e-5f, n_tokens, out.data());
        CHECK_THAT(out, test::same_bits_as(normed, n));
        auto sum = x;
        add_rms_norm(threads, sum.data(), y.data(), w, 1e-5f, n_tokens, out.data());
        CHECK_THAT(sum, test::same_bits_as(summed, n));
        CHECK_THAT(out, test::same_bits_as(summed_normed, n));
    }
}
