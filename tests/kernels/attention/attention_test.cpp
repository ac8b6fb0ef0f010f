// SPDX-License-Identifier: Apache-2.0
// The attention kernels: the specification against double arithmetic, every instruction set against the specification.
#include <nibble/kernels/attention/attention.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <nibble/kernels/best.hpp>

#include "support/kernel_sets.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

constexpr cache_type all_types[] = {cache_type::q16, cache_type::f16, cache_type::q8};

/// The CPUs for which the scalar, the portable and the best set are chosen.
const cpu_features all_cpus[] = {{}, {.portable = true}, detect_cpu()};

/// Half a unit of the last place that a cache type keeps, relative to the largest value of a head.
double rounding_of(cache_type type) {
    return type == cache_type::q8 ? 0.5 / 127 : type == cache_type::q16 ? 0.5 / 32767 : 0x1p-11;
}

/// One block with random keys and values, queries, and room for the results.
struct problem {
    problem(cache_type cached_as, std::size_t dim, std::size_t group_size, std::size_t n_tokens,
            std::size_t first_visible)
        : type(cached_as),
          head_dim(dim),
          group(group_size),
          rows(n_tokens * group_size),
          visible(first_visible),
          n_positions(std::min(first_visible + n_tokens - 1, attention_block)),
          keys(random(n_positions * dim, 1)),
          values(random(n_positions * dim, 2)),
          queries(random(rows * dim, 3)),
          block(cache_block_bytes(cached_as, dim)) {
        for (float& q : queries) q *= 1.5f / std::sqrt(static_cast<float>(dim));
    }

    static std::vector<float> random(std::size_t n, unsigned seed) {
        std::mt19937 engine(seed);
        std::normal_distribution<float> normal;
        std::vector<float> out(n);
        for (float& value : out) value = normal(engine);
        return out;
    }

    void store(const attention_kernels& kernels) {
        for (std::size_t p = 0; p < n_positions; ++p)
            kernels.store(keys.data() + p * head_dim, values.data() + p * head_dim, head_dim, p, block.data());
    }

    struct result {
        explicit result(std::size_t n_rows, std::size_t dim)
            : max(n_rows), sum(n_rows), acc(n_rows * padded_head_dim(dim)), out(n_rows * dim) {}
        attention_partial partial() { return {max.data(), sum.data(), acc.data()}; }
        std::vector<float> max, sum, acc, out;
    };

    result attend(const attention_kernels& kernels, float query_scale = 1, std::size_t window = no_window,
                  float cap = 0) {
        auto q = queries;
        for (float& value : q) value *= query_scale;
        std::vector<float> scores(rows * attention_block), panel(std::max(head_dim, attention_block) * attention_panel);
        result r{rows, head_dim};
        kernels.attend({q.data(), rows, group, head_dim, visible - 1, window, cap}, block.data(), r.partial(),
                       {scores.data(), panel.data()});
        return r;
    }

    cache_type type;
    std::size_t head_dim, group, rows, visible, n_positions;
    std::vector<float> keys, values, queries;
    std::vector<std::byte> block;
};

std::vector<float> finished(const problem& p, const attention_kernels& kernels, problem::result total) {
    kernels.finish(total.partial(), p.rows, p.head_dim, total.out.data());
    return total.out;
}

}  // namespace

TEST_CASE("a stored value is the value, rounded") {
    for (const auto type : all_types) {
        problem p{type, 36, 1, 1, 20};
        p.store(best_kernels({}).of(type));
        // a query that picks out dimension d gives keys as scores; one position alone gives its value
        for (std::size_t position = 0; position < 20; ++position) {
            float largest = 0;
            for (std::size_t d = 0; d < 36; ++d) largest = std::max(largest, std::abs(p.values[position * 36 + d]));
            problem alone{type, 36, 1, 1, 1};
            alone.values.assign(p.values.begin() + static_cast<std::ptrdiff_t>(position * 36),
                                p.values.begin() + static_cast<std::ptrdiff_t>(position * 36 + 36));
            alone.store(best_kernels({}).of(type));
            const auto& kernels = best_kernels({}).of(type);
            const auto out = finished(alone, kernels, alone.attend(kernels));
            for (std::size_t d = 0; d < 36; ++d)
                CHECK(std::abs(static_cast<double>(out[d] - alone.values[d])) <=
                      static_cast<double>(largest) * rounding_of(type) * 1.001);
        }
    }
}

TEST_CASE("attention over one block is softmax(q k) v") {
    for (const auto type : all_types) {
        for (const std::size_t visible : {1u, 2u, 50u, 128u}) {
            problem p{type, 80, 3, 4, visible};
            const auto& kernels = best_kernels({}).of(type);
            p.store(kernels);
            const auto out = finished(p, kernels, p.attend(kernels));
            for (std::size_t r = 0; r < p.rows; ++r) {
                const std::size_t n = std::min(visible + r / 3, attention_block);
                std::vector<double> weights(n);
                double sum = 0;
                for (std::size_t i = 0; i < n; ++i) {
                    double score = 0;
                    for (std::size_t d = 0; d < 80; ++d)
                        score += static_cast<double>(p.queries[r * 80 + d]) * static_cast<double>(p.keys[i * 80 + d]);
                    sum += weights[i] = std::exp2(score);
                }
                double worst = 0;
                for (std::size_t d = 0; d < 80; ++d) {
                    double expected = 0;
                    for (std::size_t i = 0; i < n; ++i)
                        expected += weights[i] / sum * static_cast<double>(p.values[i * 80 + d]);
                    worst = std::max(worst, std::abs(static_cast<double>(out[r * 80 + d]) - expected));
                }
                CHECK(worst < 20 * rounding_of(type));
            }
        }
    }
}

TEST_CASE("a row sees its window and nothing before it") {
    for (const auto type : all_types)
        for (const auto& cpu : all_cpus)
            for (const std::size_t window : {1u, 2u, 9u, 30u}) {
                CAPTURE(static_cast<int>(type), best_kernels(cpu).name, window);
                const auto& kernels = best_kernels(cpu).of(type);
                problem p{type, 64, 2, 5, 40};
                p.store(kernels);
                const auto out = finished(p, kernels, p.attend(kernels, 1, window));
                for (std::size_t token = 0; token < 5; ++token) {  // as if its window were all there is
                    problem alone{type, 64, 2, 1, window};
                    const std::size_t first = 40 + token - window, row = token * 2 * 64;
                    const auto part = [](const std::vector<float>& from, std::size_t at, std::size_t n) {
                        return std::vector<float>(from.begin() + static_cast<std::ptrdiff_t>(at),
                                                  from.begin() + static_cast<std::ptrdiff_t>(at + n));
                    };
                    alone.keys = part(p.keys, first * 64, window * 64);
                    alone.values = part(p.values, first * 64, window * 64);
                    alone.queries = part(p.queries, row, 2 * 64);
                    alone.store(kernels);
                    const auto expected = finished(alone, kernels, alone.attend(kernels));
                    for (std::size_t i = 0; i < 2 * 64; ++i)
                        CHECK(std::abs(static_cast<double>(out[row + i] - expected[i])) < 1e-5);
                }
            }
}

TEST_CASE("what lies before a window does not count, not even an infinity") {
    for (const auto type : {cache_type::q16, cache_type::q8})
        for (const auto& cpu : all_cpus) {
            const auto& kernels = best_kernels(cpu).of(type);
            problem p{type, 64, 1, 2, 20};
            p.values[16 * 64 + 3] = std::numeric_limits<float>::infinity();
            p.store(kernels);
            const auto out = finished(p, kernels, p.attend(kernels, 1, 4));  // 16 .. 19 and 17 .. 20
            CHECK(std::isnan(out[3]));
            CHECK(std::isfinite(out[64 + 3]));
        }
}

TEST_CASE("a row that sees nothing of a block adds nothing") {
    for (const auto type : all_types)
        for (const auto& cpu : all_cpus) {
            const auto& kernels = best_kernels(cpu).of(type);
            problem p{type, 64, 1, 3, 129};  // the tokens are at 128, 129 and 130; with a window of 3 the last one
            p.store(kernels);                // sees nothing of the block
            auto first = p.attend(kernels, 1, 3);
            CHECK(first.max[2] == -std::numeric_limits<float>::infinity());
            CHECK(first.sum[2] == 0);
            problem next{type, 64, 1, 3, 1};
            next.store(kernels);
            auto second = next.attend(kernels, 1, 3);
            const auto alone = finished(next, kernels, second);
            kernels.merge(first.partial(), second.partial(), 3, 64);
            const auto merged = finished(p, kernels, first);
            CHECK(std::equal(merged.begin() + 2 * 64, merged.end(), alone.begin() + 2 * 64));
            CHECK_FALSE(std::equal(merged.begin(), merged.begin() + 64, alone.begin()));
        }
}

TEST_CASE("a head that is not finite spoils what sees it and nothing else") {
    for (const auto type : {cache_type::q16, cache_type::q8})
        for (const auto& cpu : all_cpus) {
            const auto& kernels = best_kernels(cpu).of(type);
            problem p{type, 64, 1, 2, 1};  // the second token sees position 1, the first does not
            p.values[64 + 5] = std::numeric_limits<float>::infinity();
            p.store(kernels);
            const auto out = finished(p, kernels, p.attend(kernels));
            CHECK(std::isfinite(out[5]));
            CHECK(std::isnan(out[64 + 5]));
        }
}

TEST_CASE("a head of zeros is zeros") {
    for (const auto type : all_types) {
        const auto& kernels = best_kernels({}).of(type);
        problem p{type, 64, 2, 1, 3};
        std::fill(p.keys.begin(), p.keys.end(), 0.0f);
        std::fill(p.values.begin(), p.values.end(), 0.0f);
        p.store(kernels);
        for (const float value : finished(p, kernels, p.attend(kernels))) CHECK(value == 0);
    }
}

TEST_CASE("every set equals the specification bit for bit") {
    struct seen {
        std::size_t visible, window;
    };
    for (const auto type : all_types) {
        const auto& specification = scalar_set().of(type);
        for (const std::size_t head_dim : {64u, 128u, 36u, 80u, 2u})
            for (const std::size_t group : {1u, 3u, 4u, 8u})
                for (const std::size_t n_tokens : {1u, 2u, 16u})
                    for (const auto& [visible, window] : {seen{1, no_window},
                                                          {5, no_window},
                                                          {17, no_window},
                                                          {112, no_window},
                                                          {128, no_window},
                                                          {5, 1},
                                                          {40, 9},
                                                          {128, 9},
                                                          {112, 100},
                                                          {137, 12}}) {
                        CAPTURE(static_cast<int>(type), head_dim, group, n_tokens, visible, window);
                        problem expected{type, head_dim, group, n_tokens, visible};
                        expected.store(specification);
                        const auto first = expected.attend(specification, 1, window);
                        const auto next = expected.attend(specification, 1.7f, window);
                        const auto capped = expected.attend(specification, 20, window, 5);
                        auto merged = first, rest = next;
                        specification.merge(merged.partial(), rest.partial(), expected.rows, head_dim);
                        for (const kernel_set* set : test::runnable_sets()) {
                            if (set == &scalar_set()) continue;
                            CAPTURE(set->name);
                            const auto& kernels = set->of(type);
                            problem got{type, head_dim, group, n_tokens, visible};
                            got.store(kernels);
                            REQUIRE(expected.block == got.block);

                            auto sums = got.attend(kernels, 1, window), more = got.attend(kernels, 1.7f, window);
                            REQUIRE(sums.max == first.max);
                            REQUIRE(sums.sum == first.sum);
                            kernels.merge(sums.partial(), more.partial(), got.rows, head_dim);
                            REQUIRE(sums.max == merged.max);
                            REQUIRE(sums.sum == merged.sum);
                            REQUIRE(sums.acc == merged.acc);
                            const auto with_cap = got.attend(kernels, 20, window, 5);
                            REQUIRE(with_cap.max == capped.max);
                            REQUIRE(with_cap.sum == capped.sum);
                            REQUIRE(with_cap.acc == capped.acc);
                        }
                    }
    }
}

TEST_CASE("values that are hard to store are stored alike by all kernels") {
    const float hard[] = {0.0f,
                          -0.0f,
                          1e-40f,
                          -1e-40f,
                          6e-8f,
                          65504.0f,
                          65519.9f,
                          65520.0f,
                          1e30f,
                          -1e30f,
                          std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()};
    for (const auto type : all_types)
        for (const float value : hard) {
            problem expected{type, 20, 1, 1, 1};
            expected.keys[3] = expected.values[17] = value;
            expected.store(scalar_set().of(type));
            for (const kernel_set* set : test::runnable_sets()) {
                problem got{type, 20, 1, 1, 1};
                got.keys[3] = got.values[17] = value;
                got.store(set->of(type));
                CAPTURE(static_cast<int>(type), value, set->name);
                CHECK(expected.block == got.block);
            }
        }
}
