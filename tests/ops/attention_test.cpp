// SPDX-License-Identifier: Apache-2.0
// Causal attention over many blocks: right, and the same bits for any chunking and any number of threads.
#include <nibble/ops/attention.hpp>

#include <nibble/kernels/best.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "support/same_bits.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

struct sequence {
    sequence(const attention_shape& of, std::size_t length, cache_type cached_as)
        : shape(of),
          n(length),
          type(cached_as),
          q(random(n * shape.n_heads * shape.head_dim, 1)),
          k(random(n * shape.n_kv_heads * shape.head_dim, 2)),
          v(random(n * shape.n_kv_heads * shape.head_dim, 3)) {}

    static std::vector<float> random(std::size_t size, unsigned seed) {
        std::mt19937 engine(seed);
        std::normal_distribution<float> normal;
        std::vector<float> out(size);
        for (float& value : out) value = normal(engine);
        return out;
    }

    /// All outputs, tokens read `chunk` at a time.
    [[nodiscard]] std::vector<float> attend(std::size_t chunk, unsigned n_threads, const cpu_features& cpu) const {
        const std::size_t n_blocks = (n + attention_block - 1) / attention_block;
        const std::size_t block_bytes = cache_block_bytes(type, shape.head_dim);
        std::vector<std::byte> memory(shape.n_kv_heads * n_blocks * block_bytes);
        std::vector<std::uint32_t> numbers(n_blocks);  // any order will do
        for (std::size_t i = 0; i < n_blocks; ++i) numbers[i] = static_cast<std::uint32_t>(n_blocks - 1 - i);
        const kv_layer cache{{memory.data(), shape.n_kv_heads * block_bytes, numbers.data()}, block_bytes};
        const auto& kernels = best_kernels(cpu).of(type);
        thread_pool pool{n_threads};
        executor threads{pool};
        attention_workspace workspace{shape, n_blocks, threads.n_threads()};

        const std::size_t q_width = shape.n_heads * shape.head_dim, kv_width = shape.n_kv_heads * shape.head_dim;
        std::vector<float> out = in_place ? q : std::vector<float>(n * q_width);
        for (std::size_t begin = 0; begin < n; begin += chunk) {
            const std::size_t end = std::min(begin + chunk, n);
            for (std::size_t t = begin; t < end; ++t)
                store_position(kernels, shape, cache, t, k.data() + t * kv_width, v.data() + t * kv_width);
            const attention_part part{cache, 0, end - begin, begin};
            attention(threads, {.kernels = kernels,
                                .shape = shape,
                                .parts = {&part, 1},
                                .q = (in_place ? out : q).data() + begin * q_width,
                                .window = window,
                                .scale = scale,
                                .cap = cap,
                                .sinks = sinks,
                                .out = out.data() + begin * q_width,
                                .workspace = workspace});
        }
        return out;
    }

    /// The same in double, from exact keys and values.
    [[nodiscard]] std::vector<double> exact() const {
        const std::size_t dim = shape.head_dim;
        std::vector<double> out(q.size());
        for (std::size_t t = 0; t < n; ++t)
            for (std::size_t h = 0; h < shape.n_heads; ++h) {
                const float* query = q.data() + (t * shape.n_heads + h) * dim;
                double* result = out.data() + (t * shape.n_heads + h) * dim;
                double sum = sinks.empty() ? 0 : std::exp(static_cast<double>(sinks[h]));
                for (std::size_t i = t + 1 - std::min(t + 1, window); i <= t; ++i) {
                    const std::size_t at = (i * shape.n_kv_heads + h / shape.group()) * dim;
                    double score = 0;
                    for (std::size_t d = 0; d < dim; ++d)
                        score += static_cast<double>(query[d]) * static_cast<double>(k[at + d]);
                    score *= static_cast<double>(scale);
                    if (cap > 0) score = static_cast<double>(cap) * std::tanh(score / static_cast<double>(cap));
                    const double weight = std::exp(score);
                    sum += weight;
                    for (std::size_t d = 0; d < dim; ++d) result[d] += weight * static_cast<double>(v[at + d]);
                }
                for (std::size_t d = 0; d < dim; ++d) result[d] /= sum;
            }
        return out;
    }

    attention_shape shape;
    std::size_t n;
    cache_type type;
    float scale = 0.3f, cap = 0;
    std::size_t window = no_window;
    bool in_place = false;  // the result where the queries were
    std::vector<float> sinks;
    std::vector<float> q, k, v;
};

double relative_error(const std::vector<float>& got, const std::vector<double>& expected) {
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double difference = static_cast<double>(got[i]) - expected[i];
        error += difference * difference;
        norm += expected[i] * expected[i];
    }
    return std::sqrt(error / norm);
}

}  // namespace

TEST_CASE("attention is causal softmax attention") {
    for (const auto& shape : {attention_shape{4, 1, 64}, attention_shape{3, 1, 32}, attention_shape{1, 1, 80}}) {
        const std::size_t n = 300;
        const auto exact = sequence{shape, n, cache_type::f16}.exact();
        CHECK(relative_error(sequence{shape, n, cache_type::q16}.attend(64, 2, detect_cpu()), exact) < 1e-4);
        CHECK(relative_error(sequence{shape, n, cache_type::f16}.attend(64, 2, detect_cpu()), exact) < 5e-4);
        CHECK(relative_error(sequence{shape, n, cache_type::q8}.attend(64, 2, detect_cpu()), exact) < 3e-2);
    }
}

TEST_CASE("attention gives the same bits for any chunking, number of threads and instruction set") {
    for (const auto type : {cache_type::q16, cache_type::f16, cache_type::q8}) {
        const sequence tokens{{6, 2, 16}, 270, type};
        const test::same_bits_as same{tokens.attend(1, 1, detect_cpu()), tokens.q.size() / tokens.n};
        CAPTURE(static_cast<int>(type));
        for (const unsigned n_threads : {1u, 2u, 3u})
            for (const std::size_t chunk : {1u, 7u, 32u, 100u, 270u}) {
                CAPTURE(n_threads, chunk);
                CHECK_THAT(tokens.attend(chunk, n_threads, detect_cpu()), same);
            }
        for (const auto& cpu : {cpu_features{.portable = true}, cpu_features{}})
            CHECK_THAT(tokens.attend(100, 2, cpu), same);
    }
}

TEST_CASE("a window begins anywhere, and gives the same bits for any chunking and number of threads") {
    for (const auto type : {cache_type::q16, cache_type::f16, cache_type::q8})
        for (const std::size_t window : {1u, 9u, 100u, 128u, 129u, 200u, 1000u}) {
            sequence tokens{{6, 2, 16}, 300, type};
            tokens.window = window;
            const auto expected = tokens.attend(1, 1, detect_cpu());
            CAPTURE(static_cast<int>(type), window);
            CHECK(relative_error(expected, tokens.exact()) < (type == cache_type::q8 ? 3e-2 : 5e-4));
            for (const unsigned n_threads : {1u, 2u, 3u})
                for (const std::size_t chunk : {7u, 32u, 100u, 300u}) {
                    CAPTURE(n_threads, chunk);
                    CHECK(tokens.attend(chunk, n_threads, detect_cpu()) == expected);
                }
            for (const auto& cpu : {cpu_features{.portable = true}, cpu_features{}})
                CHECK(tokens.attend(300, 2, cpu) == expected);
        }
}

TEST_CASE("scores are capped, with the same bits for any chunking, number of threads and instruction set") {
    for (const auto type : {cache_type::q16, cache_type::f16, cache_type::q8}) {
        sequence tokens{{6, 2, 16}, 300, type};
        const auto uncapped = tokens.exact();
        tokens.cap = 2;
        const auto expected = tokens.attend(1, 1, detect_cpu());
        CAPTURE(static_cast<int>(type));
        CHECK(relative_error(expected, tokens.exact()) < (type == cache_type::q8 ? 3e-2 : 5e-4));
        CHECK(relative_error(expected, uncapped) > 0.05);
        for (const std::size_t chunk : {7u, 300u}) CHECK(tokens.attend(chunk, 3, detect_cpu()) == expected);
        for (const auto& cpu : {cpu_features{.portable = true}, cpu_features{}})
            CHECK(tokens.attend(300, 2, cpu) == expected);
    }
}

TEST_CASE("sinks take their part of each head's softmax, with the same bits whoever attends") {
    for (const auto type : {cache_type::q16, cache_type::f16, cache_type::q8})
        for (const std::size_t window : {9u, 200u, 1000u}) {
            sequence tokens{{6, 2, 16}, 300, type};
            tokens.window = window;
            const auto without = tokens.exact();
            tokens.sinks = {1, -2, 3, 0.5f, 6, -80};
            const auto expected = tokens.attend(1, 1, detect_cpu());
            CAPTURE(static_cast<int>(type), window);
            CHECK(relative_error(expected, tokens.exact()) < (type == cache_type::q8 ? 3e-2 : 5e-4));
            CHECK(relative_error(expected, without) > 0.05);
            for (const std::size_t chunk : {7u, 300u}) CHECK(tokens.attend(chunk, 3, detect_cpu()) == expected);
            for (const auto& cpu : {cpu_features{.portable = true}, cpu_features{}})
                CHECK(tokens.attend(300, 2, cpu) == expected);
        }
    sequence tokens{{2, 1, 16}, 20, cache_type::q16};
    tokens.sinks = {1000, 1000};  // far above all scores: nothing is left for them
    for (const float value : tokens.attend(20, 1, detect_cpu())) CHECK(value == 0);
}

TEST_CASE("the result may take the place of the queries") {
    sequence tokens{{6, 2, 16}, 200, cache_type::q16};
    const auto expected = tokens.attend(200, 2, detect_cpu());
    tokens.in_place = true;
    for (const std::size_t chunk : {1u, 30u, 200u}) CHECK(tokens.attend(chunk, 3, detect_cpu()) == expected);
}

TEST_CASE("one head for all queries and many heads each with its own") {
    for (const auto& shape : {attention_shape{71, 1, 16}, attention_shape{3, 3, 48}}) {
        const sequence tokens{shape, 140, cache_type::q16};
        CHECK(relative_error(tokens.attend(50, 2, detect_cpu()), tokens.exact()) < 1e-4);
        CHECK_THAT(tokens.attend(50, 2, detect_cpu()),
                   test::same_bits_as(tokens.attend(1, 3, detect_cpu()), tokens.q.size() / tokens.n));
    }
}

TEST_CASE("the workspace takes what it says") {
    const attention_shape shape{16, 4, 128};
    CHECK(attention_workspace::tile_tokens(shape) == 32);
    CHECK(attention_workspace::tile_tokens({71, 1, 16}) == 1);
    CHECK(attention_workspace::tile_tokens({1, 1, 16}) == 128);
    // by the formula: 128 rows of a worker, and 32 blocks of 16 partial results
    const std::size_t worker = 128 * (128 + 128 + 2 * (128 + 2)) + 128 * 16;
    CHECK(attention_workspace::bytes(shape, 32, 2) == 4 * (2 * worker + 32 * 16 * 130));
}
