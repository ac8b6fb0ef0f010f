// SPDX-License-Identifier: Apache-2.0
// Attention of one layer in the shape of SmolLM3-3B, for one token and for a batch, behind caches of several lengths.
// Counters: bytes of keys and values read a second for one token, floating point operations a second for a batch. The
// calls walk over the layers of a cache of 256 MiB, so that a short one, too, comes from memory as it does in a model.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <nibble/kernels/best.hpp>
#include <nibble/model/kv_cache.hpp>
#include <nibble/ops/attention.hpp>

#include "../tests/support/random_weights.hpp"

namespace {

using namespace nibble;

constexpr attention_shape shape{.n_heads = 16, .n_kv_heads = 4, .head_dim = 128};
constexpr std::size_t batch = 128;  // what a session reads at once

/// A cache whose layers hold the same `n_positions` positions.
kv_cache make_cache(const attention_kernels& kernels, cache_type type, std::size_t n_positions, std::size_t& n_layers) {
    model_config config{};
    config.n_layers = 1;
    config.n_kv_heads = shape.n_kv_heads;
    config.head_dim = shape.head_dim;
    const kv_shape cached{.type = type, .positions = n_positions};
    n_layers = std::clamp<std::size_t>((std::size_t{256} << 20) / kv_pool::bytes(config, cached), 1, 36);
    config.n_layers = n_layers;
    kv_cache cache{std::make_shared<kv_pool>(config, cached)};
    cache.take_blocks(n_positions);

    const std::size_t width = shape.n_kv_heads * shape.head_dim;
    constexpr std::size_t n_different = 512;
    const auto values = test::random_activations((n_different + 1) * width, 1);
    for (std::size_t p = 0; p < n_positions; ++p) {
        const float* k = values.data() + p % n_different * width;
        for (std::size_t i = 0; i < n_layers; ++i) store_position(kernels, shape, cache.layer(i), p, k, k + width);
    }
    return cache;
}

void run(benchmark::State& state, cache_type type, std::size_t depth, std::size_t n_tokens, unsigned n_threads) {
    const auto& kernels = best_kernels(detect_cpu()).of(type);
    const std::size_t n_positions = depth + n_tokens;
    std::size_t n_layers = 0;
    const kv_cache cache = make_cache(kernels, type, n_positions, n_layers);
    const std::size_t width = shape.n_heads * shape.head_dim;
    const auto q = test::random_activations(n_tokens * width, 2);
    std::vector<float> out(n_tokens * width);
    thread_pool pool{n_threads};
    executor threads{pool};
    attention_workspace workspace{shape, n_positions / attention_block + 1, threads.n_threads()};

    std::size_t layer = 0;
    for (auto _ : state) {
        const attention_part part{cache.layer(layer), 0, n_tokens, depth};
        attention(threads, {.kernels = kernels,
                            .shape = shape,
                            .parts = {&part, 1},
                            .q = q.data(),
                            .window = no_window,
                            .scale = 1.0f / std::sqrt(static_cast<float>(shape.head_dim)),
                            .out = out.data(),
                            .workspace = workspace});
        layer = (layer + 1) % n_layers;
        benchmark::ClobberMemory();
    }

    using counter = benchmark::Counter;
    const double runs = static_cast<double>(state.iterations());
    if (n_tokens == 1) {
        const std::size_t n_blocks = depth / attention_block + 1;
        const double bytes = static_cast<double>(shape.n_kv_heads * n_blocks * cache_block_bytes(type, shape.head_dim));
        state.counters["GB/s"] = counter(bytes * runs / 1e9, counter::kIsRate);
    } else {
        // a multiplication and an addition for each value of a visible key, and as many for the value
        const double visible = static_cast<double>(n_tokens * depth + n_tokens * (n_tokens + 1) / 2);
        const double flop = 4.0 * visible * static_cast<double>(width);
        state.counters["GFLOP/s"] = counter(flop * runs / 1e9, counter::kIsRate);
    }
}

}  // namespace

int main(int argc, char** argv) {
    constexpr std::pair<cache_type, std::string_view> types[] = {
        {cache_type::f16, "f16"}, {cache_type::q16, "q16"}, {cache_type::q8, "q8"}};
    for (const std::size_t n_tokens : {std::size_t{1}, batch})
        for (const auto& [type, type_name] : types)
            for (const std::size_t depth : {512u, 4096u, 16384u, 32768u})
                for (const unsigned n_threads : {1u, 2u}) {
                    const std::string name = (n_tokens == 1 ? "decode/" : "prefill/") + std::string{type_name} +
                                             "/tokens:" + std::to_string(n_tokens) + "/depth:" + std::to_string(depth) +
                                             "/threads:" + std::to_string(n_threads);
                    benchmark::RegisterBenchmark(name.c_str(), [=, type = type](benchmark::State& state) {
                        run(state, type, depth, n_tokens, n_threads);
                    })->UseRealTime();
                }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
