// SPDX-License-Identifier: Apache-2.0
// The short convolution: right, and the same bits however tokens are split into calls and threads.
#include <nibble/ops/short_convolution.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/random_weights.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

constexpr std::size_t n_tokens = 137, n = 20;  // more than a block of positions

/// Blocks in another order than that of the positions. Unwritten rows spoil what reads them.
struct history {
    static constexpr std::size_t block = attention_block * n;
    std::vector<float> memory = std::vector<float>(2 * block, 1e30f);
    std::vector<std::uint32_t> numbers{1, 0};

    [[nodiscard]] convolution_history view() {
        return {{reinterpret_cast<std::byte*>(memory.data()), block * sizeof(float), numbers.data()}, n};
    }
};

struct sequence {
    std::size_t length;
    std::vector<float> gates = test::random_activations(n_tokens * 3 * n, 1);
    std::vector<float> kernel = test::random_activations(n * length, 2);

    [[nodiscard]] std::vector<float> run(std::size_t chunk, unsigned n_threads) const {
        thread_pool pool{n_threads};
        executor threads{pool};
        history seen;
        std::vector<float> out(n_tokens * n);
        for (std::size_t t = 0; t < n_tokens; t += chunk) {
            const std::size_t here = std::min(chunk, n_tokens - t);
            short_convolution(threads, {gates.data() + t * 3 * n, here, t, n, kernel.data(), length, seen.view(), here,
                                        out.data() + t * n});
        }
        return out;
    }
};

}  // namespace

TEST_CASE("a short convolution weighs what a channel held at the last positions, zeros before the first") {
    for (const std::size_t length : {1u, 3u, 64u}) {
        const sequence tokens{length};
        const auto got = tokens.run(n_tokens, 1);
        for (std::size_t t = 0; t < n_tokens; ++t)
            for (std::size_t i = 0; i < n; ++i) {
                double sum = 0;
                for (std::size_t back = 0; back < length && back <= t; ++back) {
                    const float* of = tokens.gates.data() + (t - back) * 3 * n + i;
                    sum += static_cast<double>(tokens.kernel[i * length + length - 1 - back]) *
                           static_cast<double>(of[0]) * static_cast<double>(of[2 * n]);
                }
                const double expected = sum * static_cast<double>(tokens.gates[(t * 3 + 1) * n + i]);
                CHECK(static_cast<double>(got[t * n + i]) == Approx(expected).epsilon(1e-5).margin(1e-5));
            }
    }
}

TEST_CASE("a short convolution gives the same bits for any chunking and number of threads") {
    const sequence tokens{3};
    const auto expected = tokens.run(1, 1);
    for (const std::size_t chunk : {1u, 2u, 7u, 137u})
        for (const unsigned n_threads : {1u, 2u, 3u}) {
            CAPTURE(chunk, n_threads);
            CHECK(tokens.run(chunk, n_threads) == expected);
        }
}

TEST_CASE("a short convolution without results keeps what later tokens need") {
    const sequence tokens{3};
    thread_pool pool{2};
    executor threads{pool};
    history seen;
    std::vector<float> out(3 * n);
    const auto call = [&](std::size_t first, std::size_t count, std::size_t kept) {
        short_convolution(threads, {tokens.gates.data() + first * 3 * n, count, first, n, tokens.kernel.data(), 3,
                                    seen.view(), kept, out.data()});
    };
    call(0, 130, 0);
    call(130, 7, 3);
    const auto all = tokens.run(n_tokens, 1);
    CHECK(std::equal(out.begin(), out.end(), all.end() - 3 * static_cast<std::ptrdiff_t>(n)));
}
