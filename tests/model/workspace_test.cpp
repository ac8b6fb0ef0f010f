// SPDX-License-Identifier: Apache-2.0
// The memory plan, and that running a model takes no more than it says: a float copy of the weights cannot hide.
#include <nibble/model/workspace.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "support/forward_run.hpp"
#include "support/memory.hpp"
#include "support/paths.hpp"
#include "support/sanitizers.hpp"
#include "test.hpp"

using namespace nibble;

TEST_CASE("the plan follows its formula") {
    // heads wider and narrower than the embedding, one rotation and two, convolutions, experts
    for (const auto* name : {"smollm3-q4_k", "qwen3-f32", "gemma3-f32", "lfm2-f32", "qwen3moe-f32"}) {
        CAPTURE(name);
        const test::opened_model model{test::data_dir() / (std::string{name} + ".gguf")};
        const auto& config = model.config;
        const bool in_blocks = model.weights.output.type == data_type::q4_k;
        const kernel_set& set = best_kernels(detect_cpu());
        const workspace_shape shape{.batch = 32, .capacity = 1000, .n_threads = 3};
        const std::size_t floats = 32 * (3 * config.n_embd + config.q_width() + 2 * config.kv_width() +
                                         config.ropes.size() * config.rope_dims + config.n_ff +
                                         (config.n_convolutions() > 0 ? 3 * config.n_embd : 0)) +
                                   3 * 32 * gated_rows(set);
        const std::size_t rest = workspace::bytes(set, config, model.weights, shape) - 4 * floats;
        const std::size_t depth = std::max({config.n_embd, config.q_width(), config.n_ff});
        CHECK(rest == activation_buffer::bytes(set, {32, depth, in_blocks, false, 3}) + 3 * sizeof(largest_value) +
                          32 * (2 * sizeof(batch_row) + sizeof(attention_part)) +
                          attention_workspace::bytes({config.n_heads, config.n_kv_heads, config.head_dim}, 8, 3) +
                          expert_workspace::bytes({config.experts, config.n_embd, 32, set.token_group}));
    }
}

TEST_CASE("a workspace for experts takes what the plan says") {
#if defined(NIBBLE_TEST_ASAN) || defined(NIBBLE_TEST_TSAN)
    WARN("SKIPPED: sanitizers keep memory of their own");
#else
    const test::opened_model model{test::data_dir() / "olmoe-f32.gguf"};
    const kernel_set& set = best_kernels(detect_cpu());
    for (const std::size_t batch : {1u, 30u}) {  // fewer than the experts of a token, no multiple of a group
        const workspace_shape shape{.batch = batch, .capacity = 128, .n_threads = 2};
        const std::size_t plan = workspace::bytes(set, model.config, model.weights, shape);
        const std::size_t before = test::allocated_bytes();
        const workspace work{set, model.config, model.weights, shape};
        const std::size_t taken = test::allocated_bytes() - before;
        CAPTURE(batch, plan, taken);
        if (taken == 0) continue;  // the system does not tell
        CHECK(taken >= plan);
        CHECK(taken <= plan + 10 * 4096);  // the rotations, and up to a page for each of the larger buffers
    }
#endif
}

TEST_CASE("cos and sin grow with YaRN by what follows from the factor") {
    model_config config;
    config.rope_dims = 8;
    const auto magnitude = [&](const rope_scaling& scaling) {
        std::array<float, 8> cos_sin{};
        rotation_of(config, {10000, scaling}, {}, 1).cos_sin(5, cos_sin.data());
        return std::hypot(static_cast<double>(cos_sin[0]), static_cast<double>(cos_sin[1]));
    };
    rope_scaling scaling{.type = rope_scaling::method::yarn, .factor = 4, .original_context = 16};
    const double by_factor = 1 + 0.1 * std::log(4.0);
    CHECK(magnitude({}) == Approx(1));
    CHECK(magnitude(scaling) == Approx(by_factor));
    scaling.log_multiplier = 1;
    CHECK(magnitude(scaling) == Approx(1));
    scaling.log_multiplier = 0.5f;
    CHECK(magnitude(scaling) == Approx(by_factor / (1 + 0.05 * std::log(4.0))));
    scaling.attn_factor = 2;
    CHECK(magnitude(scaling) == Approx(2 * by_factor / (1 + 0.05 * std::log(4.0))));
}

TEST_CASE("longrope has divisors for sessions up to the original context, and others for longer ones") {
    model_config config;
    config.rope_dims = 4;
    const std::array<float, 2> longer{8, 16}, shorter{1, 2};
    model_weights weights;
    weights.rope_factors_long = longer;
    weights.rope_factors_short = shorter;
    const rope_config rope{
        1,
        {.type = rope_scaling::method::longrope, .original_context = 100, .attn_factor = 1.5f}};  // no pair is slower
    const auto check = [&](std::size_t capacity, const std::array<float, 2>& divisors) {
        std::array<float, 4> cos_sin{};
        rotation_of(config, rope, weights, capacity).cos_sin(3, cos_sin.data());
        for (std::size_t i = 0; i < 2; ++i) {
            const double angle = 3 / static_cast<double>(divisors[i]);
            CHECK(static_cast<double>(cos_sin[2 * i]) == Approx(1.5 * std::cos(angle)));
            CHECK(static_cast<double>(cos_sin[2 * i + 1]) == Approx(1.5 * std::sin(angle)));
        }
    };
    check(1, shorter);
    check(100, shorter);
    check(101, longer);
}

TEST_CASE("running a model takes the memory of the plan") {
#if defined(NIBBLE_TEST_ASAN) || defined(NIBBLE_TEST_TSAN)
    WARN("SKIPPED: sanitizers keep memory of their own");
#else
    // 2.8 million weights, most of 6 bits or fewer: as floats they would take 11 MB
    const auto path = test::models_dir() / "nibble-tiny.gguf";
    const std::vector<token> tokens(64, 100);
    std::vector<float> logits(2048);
    thread_pool pool{2};  // not part of the plan

    const std::size_t allocated_before = test::allocated_bytes(), resident_before = test::process_bytes("RssAnon:");
    const test::opened_model model{path};
    REQUIRE(model.config.n_vocab == logits.size());
    const std::size_t capacity = 128, batch = 16;
    const kv_shape cached{.type = cache_type::q16, .positions = capacity, .batch = batch};
    kv_cache cache{std::make_shared<kv_pool>(model.config, cached)};
    const auto cpu = detect_cpu();
    const kernel_set& set = best_kernels(cpu);
    workspace work{set, model.config, model.weights, {batch, capacity, pool.size()}};
    forward_pass pass{model.config, model.weights, set, executor{pool}, work};
    cache.take_blocks(tokens.size() + 1);
    const auto read = [&](std::span<const token> next) {
        const batch_part part{next, &cache, 1};
        pass.run({&part, 1}, {.logits = logits.data()});
    };
    for (std::size_t i = 0; i < tokens.size(); i += batch) read({tokens.data() + i, batch});
    read({tokens.data(), 1});
    const std::size_t allocated_now = test::allocated_bytes(), resident_now = test::process_bytes("RssAnon:");

    const std::size_t plan = kv_pool::bytes(model.config, cached) +
                             workspace::bytes(set, model.config, model.weights, {batch, capacity, pool.size()});
    CAPTURE(plan, allocated_before, allocated_now, resident_before, resident_now);
    CHECK(plan < std::size_t{6} << 20);
    const std::size_t directory = std::size_t{512} << 10;  // of the file: names, config, and the like
    CHECK(allocated_now <= allocated_before + plan + directory);
    if (allocated_now > 0) CHECK(allocated_now >= allocated_before + plan);  // the plan is what was taken
    CHECK(resident_now <= resident_before + plan + directory + (std::size_t{1} << 20));
#endif
}
