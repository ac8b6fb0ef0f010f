// SPDX-License-Identifier: Apache-2.0
// Experts against their definition, one token and one expert after the other.
#include <nibble/ops/experts.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "support/kernel_sets.hpp"
#include "support/random_weights.hpp"
#include "support/same_bits.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity(), no_number = std::numeric_limits<float>::quiet_NaN();

std::vector<expert_choice> choose(const expert_rules& rules, const std::vector<float>& logits) {
    std::vector<expert_choice> chosen(rules.n_used);
    choose_experts(rules, logits.data(), chosen.data());
    return chosen;
}

std::vector<std::uint32_t> ids(const std::vector<float>& logits, std::size_t n_used) {
    std::vector<std::uint32_t> out;
    for (const auto& choice : choose({logits.size(), n_used}, logits)) out.push_back(choice.expert);
    return out;
}

/// By sorting all of them.
std::vector<std::uint32_t> sorted_ids(const std::vector<float>& logits, std::size_t n_used) {
    std::vector<std::uint32_t> all(logits.size());
    std::iota(all.begin(), all.end(), 0u);
    std::stable_sort(all.begin(), all.end(), [&](auto a, auto b) { return logits[a] > logits[b]; });
    all.resize(n_used);
    std::sort(all.begin(), all.end());
    return all;
}

/// A layer whose experts are random matrices of some types, with biases.
struct layer_of_experts {
    static constexpr std::size_t n_embd = 512, n_ff = 256;
    expert_rules rules;
    std::vector<std::byte> bytes[3];
    std::vector<float> biases[3];
    projection gate, up, down;

    layer_of_experts(const expert_rules& of, data_type inner, data_type outer) : rules(of) {
        const auto make = [&](std::size_t i, data_type type, std::size_t rows, std::size_t depth) {
            bytes[i] = test::random_weights(type, rows, depth, static_cast<std::uint32_t>(i));
            biases[i] = test::random_activations(rows, static_cast<std::uint32_t>(10 + i));
            return projection{view_matrix(type, rows, depth, bytes[i].data()), biases[i]};
        };
        gate = make(0, inner, rules.n_experts * n_ff, n_embd);
        up = make(1, inner, rules.n_experts * n_ff, n_embd);
        down = make(2, outer, rules.n_experts * n_embd, n_ff);
    }

    /// What the operation gives for batches of `batch` tokens.
    [[nodiscard]] std::vector<float> run(const kernel_set& set, const std::vector<float>& x,
                                         const std::vector<float>& logits, std::size_t batch,
                                         unsigned n_threads) const {
        const std::size_t n_tokens = x.size() / n_embd;
        thread_pool pool{n_threads};
        executor threads{pool};
        expert_workspace work{{rules, n_embd, batch, set.token_group}};
        activation_buffer activations{set, {work.max_rows, n_embd, true, true, threads.n_threads()}};
        std::vector<float> gated(work.max_rows * n_ff), out(x.size(), no_number);
        std::vector<float> scratch(threads.n_threads() * gated_rows(set) * work.max_rows);
        for (std::size_t t = 0, n; t < n_tokens; t += n) {
            n = std::min(batch, n_tokens - t);
            std::copy_n(logits.data() + t * rules.n_experts, n * rules.n_experts, work.logits.data());
            experts(threads, {.rules = rules,
                              .gate = gate,
                              .up = up,
                              .down = down,
                              .act = activation::silu,
                              .x = x.data() + t * n_embd,
                              .n_tokens = n,
                              .out = out.data() + t * n_embd,
                              .workspace = work,
                              .activations = activations,
                              .gated = gated.data(),
                              .up_scratch = scratch.data()});
        }
        return out;
    }

    /// y = rows of w times one token, by the scalar kernels.
    [[nodiscard]] static std::vector<float> product(const projection& by, const float* x) {
        thread_pool pool{1};
        executor threads{pool};
        const token_range one{0, 1};
        activation_buffer input{scalar_set(), {1, by.w.depth, true, true, 1}};
        std::vector<float> out(by.w.n_rows);
        const linear_job job{by, out.data(), by.w.n_rows, one};
        input.quantize(threads, x, {&one, 1}, {&by.w, 1});
        linear(threads, {&job, 1}, input);
        return out;
    }

    /// The specification: each token alone, each of its experts a feed-forward of its own.
    [[nodiscard]] std::vector<float> specified(const std::vector<float>& x, const std::vector<float>& logits) const {
        std::vector<float> out(x.size(), 0.0f);
        std::vector<expert_choice> chosen(rules.n_used);
        for (std::size_t t = 0; t < x.size() / n_embd; ++t) {
            choose_experts(rules, logits.data() + t * rules.n_experts, chosen.data());
            for (const auto& [e, weight] : chosen) {
                auto inner = product(gate.rows(e * n_ff, n_ff), x.data() + t * n_embd);
                const auto factors = product(up.rows(e * n_ff, n_ff), x.data() + t * n_embd);
                kernels::elementwise_scalar::silu_gated(inner.data(), factors.data(), n_ff);
                const auto result = product(down.rows(e * n_embd, n_embd), inner.data());
                kernels::elementwise_scalar::add_scaled(out.data() + t * n_embd, result.data(), weight, n_embd);
            }
        }
        return out;
    }
};

}  // namespace

TEST_CASE("the experts with the largest logits are chosen, ascending, of equal ones the first") {
    using list = std::vector<std::uint32_t>;
    CHECK(ids({1, 3, 2, 5}, 2) == list{1, 3});
    CHECK(ids({5, 3, 2, 1}, 2) == list{0, 1});
    CHECK(ids({1, 2, 3, 5}, 4) == list{0, 1, 2, 3});
    CHECK(ids({7}, 1) == list{0});
    CHECK(ids({2, 2, 2, 2}, 2) == list{0, 1});
    CHECK(ids({1, 2, 3, 2, 2}, 3) == list{1, 2, 3});
    CHECK(ids({2, 1, 2, 3, 3}, 3) == list{0, 3, 4});
    CHECK(ids({0.0f, -0.0f, 0.0f}, 1) == list{0});
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        auto logits = test::random_activations(48, seed);
        if (seed % 2 == 0)
            for (float& logit : logits) logit = std::round(logit);  // many ties
        for (const std::size_t n_used : {1u, 2u, 8u, 47u, 48u}) {
            CAPTURE(seed, n_used);
            CHECK(ids(logits, n_used) == sorted_ids(logits, n_used));
        }
    }
}

TEST_CASE("a logit that is no number is chosen last, and weighs nothing") {
    using list = std::vector<std::uint32_t>;
    CHECK(ids({no_number, 1, 2, 3}, 2) == list{2, 3});
    CHECK(ids({3, no_number, 2, no_number}, 2) == list{0, 2});
    CHECK(ids({no_number, -infinity, no_number}, 1) == list{1});
    CHECK(ids({no_number, no_number, 1}, 2) == list{0, 2});
    CHECK(ids({no_number, no_number, no_number}, 2) == list{0, 1});
    for (const bool normalised : {true, false}) {
        const auto weights = [&](const std::vector<float>& logits) {
            std::vector<float> out;
            for (const auto& choice : choose({logits.size(), 2, normalised}, logits)) out.push_back(choice.weight);
            return out;
        };
        CHECK(weights({no_number, no_number, 1}) == std::vector<float>{0, 1});
        CHECK(weights({1, -infinity}) == std::vector<float>{1, 0});
        CHECK(weights({no_number, no_number, no_number}) == std::vector<float>{0, 0});
        CHECK(weights({-infinity, -infinity}) == std::vector<float>{0, 0});
        CHECK(weights({infinity, 1, 0}) == std::vector<float>{0, 0});
    }
}

TEST_CASE("weights are a softmax over the chosen or over all, times the scale") {
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        const auto logits = test::random_activations(32, seed);
        for (const bool normalised : {true, false}) {
            const expert_rules rules{32, 5, normalised, 2.5f};
            const auto chosen = choose(rules, logits);
            const auto e = [&](std::size_t i) { return std::exp(static_cast<double>(logits[i])); };
            double sum = 0;
            if (normalised)
                for (const auto& choice : chosen) sum += e(choice.expert);
            else
                for (std::size_t i = 0; i < 32; ++i) sum += e(i);
            for (const auto& choice : chosen)
                CHECK(static_cast<double>(choice.weight) == Approx(2.5 * e(choice.expert) / sum).epsilon(1e-5));
        }
    }
    CHECK(choose({2, 2}, {1, 1})[0].weight == 0.5f);
    CHECK(choose({4, 1, false}, {1, 1, 1, 1})[0].weight == 0.25f);
}

TEST_CASE("experts give the bits of one token and one expert at a time, for any batch, threads and kernels") {
    constexpr std::size_t n_tokens = 70;
    for (const auto& [inner, outer] : {std::pair{data_type::q4_k, data_type::q6_k},
                                       {data_type::q4_0, data_type::q4_k},
                                       {data_type::f32, data_type::f16}}) {
        const layer_of_experts layer{{6, 2}, inner, outer};
        const auto x = test::random_activations(n_tokens * layer.n_embd, 7);
        auto logits = test::random_activations(n_tokens * 6, 8);
        for (std::size_t t = 0; t < n_tokens; ++t) {
            logits[t * 6 + 2] += 10;                             // most tokens use one of them
            logits[t * 6 + 5] = -infinity;                       // none uses the last
            if (t % 20 == 3) logits[t * 6] = logits[t * 6 + 1];  // a tie
        }
        const auto expected = layer.specified(x, logits);
        for (const auto* set : test::runnable_sets())
            for (const unsigned n_threads : {1u, 3u})
                for (const std::size_t batch : {1u, 2u, 7u, 70u}) {
                    CAPTURE(set->name, name_of(inner), n_threads, batch);
                    CHECK_THAT(layer.run(*set, x, logits, batch, n_threads),
                               test::same_bits_as(expected, layer.n_embd));
                }
    }
}

TEST_CASE("more experts of a token than tokens, and all of them") {
    const layer_of_experts layer{{20, 20, false}, data_type::q8_0, data_type::q8_0};
    const auto x = test::random_activations(3 * layer.n_embd, 7), logits = test::random_activations(3 * 20, 8);
    const auto expected = layer.specified(x, logits);
    for (const auto* set : test::runnable_sets())
        for (const std::size_t batch : {1u, 2u, 3u}) {
            CAPTURE(set->name, batch);
            CHECK_THAT(layer.run(*set, x, logits, batch, 2), test::same_bits_as(expected, layer.n_embd));
        }
}

TEST_CASE("an expert that no token has chosen is not read") {
    layer_of_experts layer{{3, 1}, data_type::q8_0, data_type::q8_0};
    const auto x = test::random_activations(2 * layer.n_embd, 7);
    const std::vector<float> logits{0, 1, 2, 5, 1, 2};
    const auto expected = layer.specified(x, logits);
    for (projection* by : {&layer.gate, &layer.up, &layer.down}) {  // the middle one's rows lie nowhere
        const std::size_t third = by->w.n_rows / 3;
        auto& bytes = layer.bytes[by == &layer.gate ? 0 : by == &layer.up ? 1 : 2];
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(third * by->w.row_bytes), third * by->w.row_bytes,
                    std::byte{0xff});  // scales that are NaN
    }
    CHECK_THAT(layer.run(scalar_set(), x, logits, 2, 1), test::same_bits_as(expected, layer.n_embd));
}

TEST_CASE("the work areas take what they say, and nothing without experts") {
    CHECK(expert_workspace::bytes({{}, 512, 64, 16}) == 0);
    const expert_shape shape{{10, 3}, 512, 33, 16};
    const expert_workspace work{shape};
    CHECK(work.max_rows == 48);
    const auto bytes = [](const auto&... buffers) {
        return (std::size_t{0} + ... + (buffers.size() * sizeof(buffers[0])));
    };
    CHECK(expert_workspace::bytes(shape) == bytes(work.logits, work.chosen, work.members, work.starts, work.experts,
                                                  work.ranges, work.gated, work.down, work.rows));
}
